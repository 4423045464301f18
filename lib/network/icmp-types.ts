/** ICMP types by name, as Cilium reads them. Source: cilium pkg/policy/api/icmp.go. */

const IPV4 = new Set([
  'EchoReply', 'DestinationUnreachable', 'Redirect', 'Echo', 'EchoRequest', 'RouterAdvertisement', 'RouterSelection', 'TimeExceeded', 'ParameterProblem',
  'Timestamp', 'TimestampReply', 'Photuris', 'ExtendedEchoRequest', 'ExtendedEchoReply',
]); // prettier-ignore

const IPV6 = new Set([
  'DestinationUnreachable', 'PacketTooBig', 'TimeExceeded', 'ParameterProblem', 'EchoRequest', 'EchoReply', 'MulticastListenerQuery', 'MulticastListenerReport',
  'MulticastListenerDone', 'RouterSolicitation', 'RouterAdvertisement', 'NeighborSolicitation', 'NeighborAdvertisement', 'RedirectMessage', 'RouterRenumbering',
  'ICMPNodeInformationQuery', 'ICMPNodeInformationResponse', 'InverseNeighborDiscoverySolicitation', 'InverseNeighborDiscoveryAdvertisement',
  'HomeAgentAddressDiscoveryRequest', 'HomeAgentAddressDiscoveryReply', 'MobilePrefixSolicitation', 'MobilePrefixAdvertisement',
  'DuplicateAddressRequestCodeSuffix', 'DuplicateAddressConfirmationCodeSuffix', 'ExtendedEchoRequest', 'ExtendedEchoReply',
]); // prettier-ignore

/** Which address family knows the name of a type. */
export function icmpFamiliesOf(name: string): readonly ('IPv4' | 'IPv6')[] {
  return [...(IPV4.has(name) ? (['IPv4'] as const) : []), ...(IPV6.has(name) ? (['IPv6'] as const) : [])];
}
