// Package featuretest lets a test say what it needs of the machine that it runs on.
//
// Comes in: the features a test depends on. Goes out: the test goes on, is skipped,
// or fails. Guaranteed: a skip never hides a fault. A test is skipped for a missing
// feature only on a kernel older than the feature's first version, or on one that
// was built without an option that the feature rests on; on every other kernel a
// feature that is not found fails the test.
//
// The words "needs NAME" open the reason of every such skip: what runs the tests on
// several kernels collects them.
package featuretest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/runtime/host"
)

// NeedRoot skips a test that loads programs for a user who may not.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads BPF programs")
	}
}

// NeedTime skips a long test that asks nothing of the kernel where tests are to be
// short: on machines that are slow and have nothing to show but their kernel.
func NeedTime(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs time: no test of the kernel")
	}
}

// Need lets the test go on only where the kernel has all the features.
func Need(t testing.TB, features ...*feature.Feature) {
	t.Helper()
	for _, f := range features {
		if running().Features().Has(f) {
			continue
		}
		version := Version()
		if version.Less(f.Since) {
			t.Skipf("needs %s: kernel %s has no %s (since %s)", f.Name, version, f.What, f.Since)
		}
		if why := withheld(f); why != "" {
			t.Skipf("needs %s: %s", f.Name, why)
		}
		t.Fatalf("%s was not found, but kernel %s has it since %s", f.Name, version, f.Since)
	}
}

// Has tells whether the kernel has a feature, and fails nothing.
func Has(f *feature.Feature) bool { return running().Features().Has(f) }

// Refused skips a test whose script was refused, in the words said, for want of a
// feature that this kernel is too old for; see Need.
func Refused(t testing.TB, said string) {
	t.Helper()
	for _, m := range refusal.FindAllStringSubmatch(said, -1) {
		if f := feature.Named(m[1]); f != nil {
			Need(t, f)
		}
	}
}

var refusal = regexp.MustCompile(`Missing required kernel feature: (\w+)`)

// Version is that of the running kernel.
func Version() feature.Version { return running().Features().(versioned).Version() }

type versioned interface{ Version() feature.Version }

var running = sync.OnceValue(func() *host.Host { return host.New(host.Options{}) })

// BTF is the running kernel's type information; nil when it has none.
func BTF() types.BTF { return running().BTF() }

// decided are features that whoever set up the machine can withhold without a
// trace in the kernel's configuration.
var decided = map[*feature.Feature]string{
	feature.Watchpoints: "the processor's do not fire",
	feature.FentryCalm:  "this kernel preempts programs",
	feature.RawTPCalm:   "this kernel preempts programs",
	feature.WriteUser:   "the machine forbids programs to write to processes (lockdown)",
}

// restOn are features that are about what another lets programs do.
var restOn = map[*feature.Feature]*feature.Feature{
	feature.FentryAnywhere: feature.Fentry,
	feature.FentryTracing:  feature.Fentry,
}

// withheld tells why a kernel that is recent enough may lack a feature all the same;
// "" when nothing excuses it.
func withheld(f *feature.Feature) string {
	if other := restOn[f]; other != nil && !Has(other) {
		return withheld(other)
	}
	if missing := missingOptions(f); len(missing) > 0 {
		return "this kernel was built without " + strings.Join(missing, ", ")
	}
	if slices.Contains(f.Options, feature.FunctionTracer) {
		// Root may read the list wherever functions may be traced at all.
		list, err := os.Open("/sys/kernel/tracing/available_filter_functions")
		if errors.Is(err, fs.ErrPermission) {
			return "this machine forbids the tracing of functions"
		}
		if err == nil {
			list.Close()
		}
	}
	return decided[f]
}

// missingOptions are those of a feature that the kernel was built without. It is
// empty when the kernel keeps its configuration to itself.
func missingOptions(f *feature.Feature) []string {
	enabled, err := kernelOptions()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.Options), func(o string) bool { return enabled[o] })
}

// kernelOptions are the symbols that are y or m in the running kernel's
// configuration, from the kernel itself or from where distributions put it.
var kernelOptions = sync.OnceValues(func() (map[string]bool, error) {
	text, err := readConfig()
	if err != nil {
		return nil, err
	}
	enabled := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if ok && (value == "y" || value == "m") {
			enabled[name] = true
		}
	}
	return enabled, lines.Err()
})

func readConfig() ([]byte, error) {
	packed, err := os.ReadFile("/proc/config.gz")
	if err == nil {
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	release := unix.ByteSliceToString(u.Release[:])
	text, bootErr := os.ReadFile("/boot/config-" + release)
	if bootErr == nil {
		return text, nil
	}
	text, moduleErr := os.ReadFile("/lib/modules/" + release + "/config")
	return text, errors.Join(err, bootErr, moduleErr)
}
