package main

import (
	"strings"

	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/spanstat"
	"github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

// endpoints resolves the policy of each party once.
type endpoints struct {
	repo       *policy.Repository
	parties    []Party
	identities []*identity.Identity
	resolved   map[int]*policy.EndpointPolicy
	failed     map[int]error
	// named is Cilium's map of the port names of all pods, for egress.
	named types.NamedPortMultiMap
}

func newEndpoints(repo *policy.Repository, parties []Party, identities []*identity.Identity) *endpoints {
	named := types.NewNamedPortMultiMap()
	for _, party := range parties {
		named.Update(nil, portsOf(party))
	}
	return &endpoints{repo, parties, identities, map[int]*policy.EndpointPolicy{}, map[int]error{}, named}
}

func portsOf(party Party) types.NamedPortMap {
	ports := types.NamedPortMap{}
	for _, port := range party.Ports {
		_ = ports.AddPort(port.Name, int(port.Port), port.Protocol)
	}
	return ports
}

// verdict is what the policy of `subject` says about `peer`.
func (e *endpoints) verdict(subject, peer int, q Query, ingress bool) string {
	if !e.hasPolicy(subject) {
		return "none"
	}
	resolved := e.policyOf(subject)
	if resolved == nil {
		return "unresolved"
	}
	key := policy.EgressKey()
	if ingress {
		key = policy.IngressKey()
	}
	proto, err := u8proto.ParseProtocol(q.Protocol)
	if err != nil {
		panic(err)
	}
	entry, _, found := resolved.Lookup(key.WithIdentity(e.identities[peer].ID).WithPortProto(proto, q.Port))
	if !found || entry.IsDeny() {
		return "deny"
	}
	return "allow"
}

// hasPolicy tells endpoints from what is only met: nodes (without the host firewall) and the world.
func (e *endpoints) hasPolicy(index int) bool {
	party := e.parties[index]
	return party.Kind == "pod" || (party.Kind == "reserved" && (party.Name == labels.IDNameIngress || party.Name == labels.IDNameHealth || party.Name == labels.IDNameInit))
}

func (e *endpoints) policyOf(index int) *policy.EndpointPolicy {
	if known, ok := e.resolved[index]; ok {
		return known
	}
	owner := &owner{id: uint64(index + 1), ports: portsOf(e.parties[index]), named: e.named}
	selected, _, err := e.repo.GetSelectorPolicy(e.identities[index], 0, &stats{}, owner.id)
	if err != nil {
		e.failed[index] = err
		e.resolved[index] = nil
		return nil
	}
	// Every redirect is realised, so that layer 7 rules count as allowed at layer 4.
	redirects := map[string]uint16{}
	for l4, perSelector := range selected.RedirectFilters() {
		port := l4.Port
		if port == 0 && l4.PortName != "" {
			port = owner.GetNamedPort(l4.Ingress, l4.PortName, l4.U8Proto)
		}
		redirects[policy.ProxyID(uint16(owner.id), l4.Ingress, string(l4.Protocol), port, perSelector.Policy.GetListener())] = 15000
	}
	resolved := selected.DistillPolicy(logger, owner, redirects)
	_ = resolved.Ready()
	resolved.Detach(logger)
	e.resolved[index] = resolved
	return resolved
}

type owner struct {
	id    uint64
	ports types.NamedPortMap
	named types.NamedPortMultiMap
}

func (o *owner) GetID() uint64 { return o.id }

func (o *owner) GetNamedPort(ingress bool, name string, proto u8proto.U8proto) uint16 {
	if ingress {
		port, _ := o.ports.GetNamedPort(strings.ToLower(name), proto)
		return port
	}
	port, _ := o.named.GetNamedPort(strings.ToLower(name), proto)
	return port
}

func (o *owner) PolicyDebug(string, ...any) {}
func (o *owner) IsHost() bool               { return false }
func (o *owner) MapStateSize() int          { return 0 }
func (o *owner) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

type stats struct{ waiting, calculating spanstat.SpanStat }

func (s *stats) WaitingForPolicyRepository() *spanstat.SpanStat { return &s.waiting }
func (s *stats) SelectorPolicyCalculation() *spanstat.SpanStat  { return &s.calculating }
