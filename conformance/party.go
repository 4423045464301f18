package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"

	"github.com/cilium/cilium/pkg/identity"
	k8sutils "github.com/cilium/cilium/pkg/k8s/utils"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/policy/api"
)

// Party is a pod, a reserved identity, an address outside of the cluster, or such an address with the name it was
// looked up by.
type Party struct {
	Kind            string            `json:"kind"`
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	Labels          map[string]string `json:"labels"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	ServiceAccount  string            `json:"serviceAccount"`
	Ports           []NamedPort       `json:"ports"`
	Address         string            `json:"address"`
}

// NamedPort is a named container port.
type NamedPort struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

type namespaceOf struct{ party Party }

func (n namespaceOf) GetName() string              { return n.party.Namespace }
func (n namespaceOf) GetLabels() map[string]string { return n.party.NamespaceLabels }

// identitiesOf gives equal label sets the same identity, as Cilium's allocator does.
func identitiesOf(parties []Party, policies []json.RawMessage, clusterName string) []*identity.Identity {
	byLabels := map[string]*identity.Identity{}
	result := make([]*identity.Identity, len(parties))
	next := uint32(1000)
	for i, party := range parties {
		lbls := labelsOf(party, policies, clusterName)
		key := string(lbls.SortedList())
		if known, ok := byLabels[key]; ok {
			result[i] = known
			continue
		}
		id := identity.LookupReservedIdentityByLabels(lbls)
		if id == nil {
			next++
			scope := identity.NumericIdentity(0)
			if party.Kind == "address" || party.Kind == "fqdn" {
				scope = identity.IdentityScopeLocal
			}
			id = identity.NewIdentity(identity.NumericIdentity(next)|scope, lbls)
		}
		byLabels[key] = id
		result[i] = id
	}
	return result
}

func labelsOf(party Party, policies []json.RawMessage, clusterName string) labels.Labels {
	switch party.Kind {
	case "pod":
		sanitized := k8sutils.SanitizePodLabels(party.Labels, namespaceOf{party}, party.ServiceAccount, clusterName)
		kept, _ := labelsfilter.Filter(labels.Map2Labels(sanitized, labels.LabelSourceK8s))
		return kept
	case "reserved":
		return labels.Labels{party.Name: labels.NewLabel(party.Name, "", labels.LabelSourceReserved)}
	case "address":
		return labels.GetCIDRLabels(netip.PrefixFrom(netip.MustParseAddr(party.Address), netip.MustParseAddr(party.Address).BitLen()))
	case "fqdn":
		lbls := labels.GetCIDRLabels(netip.PrefixFrom(netip.MustParseAddr(party.Address), netip.MustParseAddr(party.Address).BitLen()))
		for _, lbl := range nameLabels(party.Name, policies) {
			lbls[lbl.Key] = lbl
		}
		return lbls
	}
	panic(fmt.Sprintf("unknown kind of party %q", party.Kind))
}

// nameLabels plays the DNS proxy: an address that was seen for a name carries a label for each selector that matches it.
func nameLabels(name string, policies []json.RawMessage) []labels.Label {
	found := []labels.Label{}
	for _, selector := range selectorsIn(policies) {
		expression, err := selector.ToRegex()
		if err == nil && matches(expression, name) {
			found = append(found, selector.IdentityLabel())
		}
	}
	return found
}

func matches(expression *regexp.Regexp, name string) bool {
	return expression.MatchString(name + ".")
}

func selectorsIn(policies []json.RawMessage) []api.FQDNSelector {
	result := []api.FQDNSelector{}
	for _, raw := range policies {
		var object struct {
			Spec  *api.Rule  `json:"spec"`
			Specs []api.Rule `json:"specs"`
		}
		if err := json.Unmarshal(raw, &object); err != nil {
			continue
		}
		rules := object.Specs
		if object.Spec != nil {
			rules = append(rules, *object.Spec)
		}
		for _, rule := range rules {
			for _, egress := range rule.Egress {
				result = append(result, egress.ToFQDNs...)
			}
		}
	}
	return result
}
