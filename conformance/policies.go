package main

import (
	"encoding/json"
	"fmt"
	"maps"

	ipcachetypes "github.com/cilium/cilium/pkg/ipcache/types"
	"github.com/cilium/cilium/pkg/k8s"
	k8sconst "github.com/cilium/cilium/pkg/k8s/apis/cilium.io"
	cilium_v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slim_networking_v1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/policy/api"
)

// Service is what toServices may name.
type Service struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Selector  map[string]string `json:"selector"`
	Addresses []string          `json:"addresses"`
}

func parse(raw json.RawMessage, c Case) (api.Rules, ipcachetypes.ResourceID, error) {
	var kind struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, "", err
	}
	localCluster := ""
	if c.LocalOnly {
		localCluster = c.ClusterName
	}
	switch kind.Kind {
	case "NetworkPolicy":
		np := &slim_networking_v1.NetworkPolicy{}
		if err := json.Unmarshal(raw, np); err != nil {
			return nil, "", err
		}
		rules, err := k8s.ParseNetworkPolicy(logger, localCluster, np)
		return rules, ipcachetypes.NewResourceID(ipcachetypes.ResourceKindNetpol, kind.Metadata.Namespace, kind.Metadata.Name), err
	case "CiliumNetworkPolicy":
		cnp := &cilium_v2.CiliumNetworkPolicy{}
		if err := json.Unmarshal(raw, cnp); err != nil {
			return nil, "", err
		}
		resolveServices(cnp.Spec, cnp.Specs, c.Services)
		rules, err := cnp.Parse(logger, localCluster)
		return rules, ipcachetypes.NewResourceID(ipcachetypes.ResourceKindCNP, kind.Metadata.Namespace, kind.Metadata.Name), err
	case "CiliumClusterwideNetworkPolicy":
		ccnp := &cilium_v2.CiliumClusterwideNetworkPolicy{}
		if err := json.Unmarshal(raw, ccnp); err != nil {
			return nil, "", err
		}
		resolveServices(ccnp.Spec, ccnp.Specs, c.Services)
		rules, err := ccnp.Parse(logger, localCluster)
		return rules, ipcachetypes.NewResourceID(ipcachetypes.ResourceKindCCNP, "", kind.Metadata.Name), err
	}
	return nil, "", fmt.Errorf("unknown kind %q", kind.Kind)
}

// resolveServices does what resolveToServices of pkg/policy/k8s does before a policy is parsed.
func resolveServices(spec *api.Rule, specs api.Rules, services []Service) {
	all := specs
	if spec != nil {
		all = append(api.Rules{spec}, specs...)
	}
	for _, service := range services {
		for _, rule := range all {
			for i := range rule.Egress {
				for _, reference := range rule.Egress[i].ToServices {
					if isMeant(reference, service) {
						expand(&rule.Egress[i], service)
					}
				}
			}
		}
	}
}

func isMeant(reference api.Service, service Service) bool {
	if selector := reference.K8sServiceSelector; selector != nil {
		if selector.Namespace != "" && selector.Namespace != service.Namespace {
			return false
		}
		es := api.EndpointSelector(selector.Selector)
		es.SyncRequirementsWithLabelSelector()
		return es.Matches(labelsMatcher(labels.Map2Labels(service.Labels, labels.LabelSourceK8s)))
	}
	named := reference.K8sService
	return named != nil && (named.Namespace == "" || named.Namespace == service.Namespace) && named.ServiceName == service.Name
}

func expand(rule *api.EgressRule, service Service) {
	if len(service.Selector) == 0 {
		for _, address := range service.Addresses {
			rule.ToCIDRSet = append(rule.ToCIDRSet, api.CIDRRule{Cidr: api.CIDR(address + "/32"), Generated: true})
		}
		return
	}
	selector := maps.Clone(service.Selector)
	selector[labels.LabelSourceK8sKeyPrefix+k8sconst.PodNamespaceLabel] = service.Namespace
	endpoints := api.NewESFromMatchRequirements(selector, nil)
	endpoints.Generated = true
	rule.ToEndpoints = append(rule.ToEndpoints, endpoints)
}

type labelsMatcher labels.Labels

func (l labelsMatcher) Get(label string) string { return labels.Labels(l)[label].Value }
func (l labelsMatcher) Has(label string) bool   { return labels.Labels(l).HasLabelWithKey(label) }
