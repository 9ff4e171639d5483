/* What the operations on links, addresses and routes have in common. */
#pragma once
#include "netlink.h"
#include "ops.h"

/* One socket per side and network namespace, opened at the first use; what enters another closes it. */
int network_connection(struct stage *stage, struct netlink *netlink);
/* Returns `result`; for a failure says what it was about and the kernel's reason. */
int network_answer(struct stage *stage, const struct netlink *netlink, int result, const char *subject);
