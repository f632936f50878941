// Package feature finds out what the running kernel offers.
//
// Comes in: a feature of lang/feature. Goes out: whether this kernel has it.
// Guaranteed: each feature is found out about at most once and not before it is
// asked for, and on a mainline kernel that is recent enough mostly by the version
// alone; the same question gets the same answer for the life of the Set.
package feature

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"sonde/lang/feature"
	"sonde/lang/types"
)

// Kernel is the running kernel, as a feature.Set.
type Kernel struct {
	version  feature.Version
	btf      func() types.BTF
	disabled map[string]bool
	// ask carries out a test; tests of this package replace it.
	ask func(*Kernel, test) answer

	mu      sync.Mutex
	answers map[*feature.Feature]bool
}

var _ feature.Set = (*Kernel)(nil)

// New makes a Set. btf is called only for features that live in the type
// information, and may return nil. disabled names features to do without.
func New(btf func() types.BTF, disabled []string) *Kernel {
	k := &Kernel{
		version:  runningVersion(),
		btf:      btf,
		disabled: map[string]bool{},
		ask:      func(k *Kernel, t test) answer { return t(k) },
		answers:  map[*feature.Feature]bool{},
	}
	for _, name := range disabled {
		k.disabled[name] = true
	}
	return k
}

// runningVersion is that of uname(2).
func runningVersion() feature.Version {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return feature.Version{}
	}
	return parseVersion(unix.ByteSliceToString(u.Release[:]))
}

// parseVersion reads "6.18.44-fc-v769".
func parseVersion(release string) (v feature.Version) {
	fmt.Sscanf(release, "%d.%d", &v.Major, &v.Minor)
	return v
}

// Version is the kernel's version.
func (k *Kernel) Version() feature.Version { return k.version }

// Has implements feature.Set.
func (k *Kernel) Has(f *feature.Feature) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	has, ok := k.answers[f]
	if !ok {
		has = k.find(f)
		k.answers[f] = has
	}
	return has
}

// find decides by the version where that is certain, else by a test; the version
// also decides where the test can't tell.
func (k *Kernel) find(f *feature.Feature) bool {
	if k.disabled[f.Name] {
		return false
	}
	recent, t := !k.version.Less(f.Since), tests[f]
	if recent && !t.optional {
		return true
	}
	switch k.ask(k, t.test) {
	case yes:
		return true
	case no:
		return false
	}
	return recent
}

// Ask has the kernel say whether it has a feature, also where the version would do, and
// whatever is disabled: to measure kernels. told is false where it does not say.
func (k *Kernel) Ask(f *feature.Feature) (has, told bool) {
	a := k.ask(k, tests[f].test)
	return a == yes, a != unknown
}

// answer is the outcome of a test.
type answer uint8

const (
	// unknown: the test could not be carried out, for want of permission mostly.
	unknown answer = iota
	yes
	no
)

// test asks the kernel.
type test func(*Kernel) answer

// entry is how to find out about a feature.
type entry struct {
	test test
	// optional: a recent kernel may have been built without it, so the version
	// proves nothing.
	optional bool
}
