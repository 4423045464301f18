// Evaluates policies with Cilium's own policy engine.
//
// Reads one case per line from standard input, writes one result per line to standard output. What decides is Cilium's
// code throughout: parsing and sanitising of policies, labels and label filter of pods, selector cache, policy
// repository, distillation into map entries, lookup. Only the glue is ours; its one translation, of toServices, repeats
// what pkg/policy/k8s does with the same exported building blocks.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/cilium/cilium/pkg/crypto/certificatemanager"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/fqdn/re"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/cilium/cilium/pkg/option"
	"github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	testidentity "github.com/cilium/cilium/pkg/testutils/identity"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
)

// Case is a small cluster and questions to it.
type Case struct {
	ID          string            `json:"id"`
	Enforcement string            `json:"enforcement"`
	ClusterName string            `json:"clusterName"`
	LocalOnly   bool              `json:"localOnly"`
	Policies    []json.RawMessage `json:"policies"`
	Services    []Service         `json:"services"`
	Parties     []Party           `json:"parties"`
	Queries     []Query           `json:"queries"`
}

// Query asks whether parties[From] reaches parties[To]; Port is the type for ICMP.
type Query struct {
	From     int    `json:"from"`
	To       int    `json:"to"`
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"`
}

// Result answers a case: "allow", "deny" or "none" (no policy of its own) for each side of each query.
type Result struct {
	ID       string      `json:"id"`
	Rejected []Rejection `json:"rejected"`
	Verdicts [][2]string `json:"verdicts"`
	// Error is why the policy of an endpoint could not be resolved, by index of the party.
	Unresolved map[int]string `json:"unresolved"`
}

// Rejection says why Cilium does not enforce a policy.
type Rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

var logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 4}))

func main() {
	option.Config.EnableIPv4 = true
	option.Config.EnableIPv6 = false
	option.Config.EnableL7Proxy = true
	option.Config.EnableICMPRules = true
	option.Config.EnableNonDefaultDenyPolicies = true
	option.Config.AllowLocalhost = option.AllowLocalhostAlways
	option.Config.EnableK8sNetworkPolicy = true
	if err := re.InitRegexCompileLRU(logger, 1024); err != nil {
		panic(err)
	}
	if err := labelsfilter.ParseLabelPrefixCfg(logger, nil, nil, ""); err != nil {
		panic(err)
	}

	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var c Case
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, "case:", err)
			os.Exit(2)
		}
		if err := out.Encode(evaluate(c)); err != nil {
			panic(err)
		}
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func evaluate(c Case) Result {
	api.InitEntities(c.ClusterName)
	option.Config.ClusterName = c.ClusterName
	policy.SetPolicyEnabled(c.Enforcement)

	result := Result{ID: c.ID, Rejected: []Rejection{}, Verdicts: [][2]string{}, Unresolved: map[int]string{}}
	translator := envoypolicy.NewEnvoyL7RulesTranslator(logger, certificatemanager.NewMockSecretManagerInline())
	repo := policy.NewPolicyRepository(logger, nil, nil, translator, nil, testpolicy.NewPolicyMetricsNoop())
	repo.GetSelectorCache().SetLocalIdentityNotifier(testidentity.NewDummyIdentityNotifier())

	identities := identitiesOf(c.Parties, c.Policies, c.ClusterName)
	known := identity.IdentityMap{}
	for _, id := range identities {
		known[id.ID] = id.LabelArray
	}
	var wg sync.WaitGroup
	repo.GetSelectorCache().UpdateIdentities(known, nil, &wg)
	wg.Wait()

	for index, raw := range c.Policies {
		rules, resource, err := parse(raw, c)
		if err != nil {
			result.Rejected = append(result.Rejected, Rejection{Index: index, Error: err.Error()})
			continue
		}
		repo.ReplaceByResource(rules, resource)
	}

	endpoints := newEndpoints(repo, c.Parties, identities)
	for _, q := range c.Queries {
		result.Verdicts = append(result.Verdicts, [2]string{
			endpoints.verdict(q.From, q.To, q, false),
			endpoints.verdict(q.To, q.From, q, true),
		})
	}
	for index, err := range endpoints.failed {
		result.Unresolved[index] = err.Error()
	}
	return result
}
