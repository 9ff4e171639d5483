"""Says by a router advertisement on an interface: this is the way out, and your addresses are of this prefix."""
import socket
import struct
import sys

link, prefix = sys.argv[1:]
lifetime = 1800
header = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0)
on_link_and_autonomous = 0xC0
information = struct.pack("!BBBBIII", 3, 4, 64, on_link_and_autonomous, lifetime, lifetime, 0)

sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
index = socket.if_nametoindex(link)
sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
message = header + information + socket.inet_pton(socket.AF_INET6, prefix)
sender.sendto(message, ("ff02::1", 0, 0, index))
