import { pinning } from './image-pin.ts';

export const command = pinning('unpin');
