/* The part of confine.h that moves the process into the tree. */
#pragma once
#include "confine.h"

void enter_tree(const struct confinement *confinement);
