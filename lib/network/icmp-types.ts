/** ICMP types by name, as Cilium reads them. Source: cilium pkg/policy/api/icmp.go. */

const IPV4: Readonly<Record<string, number>> = {
  EchoReply: 0, DestinationUnreachable: 3, Redirect: 5, Echo: 8, EchoRequest: 8, RouterAdvertisement: 9, RouterSelection: 10, TimeExceeded: 11,
  ParameterProblem: 12, Timestamp: 13, TimestampReply: 14, Photuris: 40, ExtendedEchoRequest: 42, ExtendedEchoReply: 43,
}; // prettier-ignore

const IPV6: Readonly<Record<string, number>> = {
  DestinationUnreachable: 1, PacketTooBig: 2, TimeExceeded: 3, ParameterProblem: 4, EchoRequest: 128, EchoReply: 129, MulticastListenerQuery: 130,
  MulticastListenerReport: 131, MulticastListenerDone: 132, RouterSolicitation: 133, RouterAdvertisement: 134, NeighborSolicitation: 135,
  NeighborAdvertisement: 136, RedirectMessage: 137, RouterRenumbering: 138, ICMPNodeInformationQuery: 139, ICMPNodeInformationResponse: 140,
  InverseNeighborDiscoverySolicitation: 141, InverseNeighborDiscoveryAdvertisement: 142, HomeAgentAddressDiscoveryRequest: 144,
  HomeAgentAddressDiscoveryReply: 145, MobilePrefixSolicitation: 146, MobilePrefixAdvertisement: 147, DuplicateAddressRequestCodeSuffix: 157,
  DuplicateAddressConfirmationCodeSuffix: 158, ExtendedEchoRequest: 160, ExtendedEchoReply: 161,
}; // prettier-ignore

export type IcmpFamily = 'IPv4' | 'IPv6';

/** Which address family knows the name of a type. */
export function icmpFamiliesOf(name: string): readonly IcmpFamily[] {
  return [...(Object.hasOwn(IPV4, name) ? (['IPv4'] as const) : []), ...(Object.hasOwn(IPV6, name) ? (['IPv6'] as const) : [])];
}

/** The number of a type, written as one or by name. @returns undefined for a name that the family does not know */
export function icmpNumberOf(type: string, family: IcmpFamily): number | undefined {
  if (/^\d+$/.test(type)) return Number(type);
  const types = family === 'IPv4' ? IPV4 : IPV6;
  return Object.hasOwn(types, type) ? types[type] : undefined;
}
