package attach

import (
	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// kprobeLink is a link that counts what kprobes miss. It is known by its number, because
// its descriptor may have been put away.
type kprobeLink struct {
	program int
	id      uint32
}

// countsMisses remembers a link of a kprobe.
func (s *Set) countsMisses(a *plan.Attach, link int) {
	id, err := sys.LinkID(link)
	if err != nil {
		return // this kernel has no numbers of links, and does not count
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held.kprobes = append(s.held.kprobes, kprobeLink{a.Program, id})
}

// countOverlooked asks the links, which still stand.
func (s *Set) countOverlooked(links []kprobeLink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range links {
		n, _ := sys.MissedByKprobes(l.id) // 0 where the kernel does not count
		s.overlooked[l.program] += n
	}
}

// Overlooked is how many calls or returns of functions went by without a run of a program
// that was on kprobes, since it was detached: a return is followed for some calls at a time
// only, and kprobes are not handled within each other.
func (s *Set) Overlooked(prog int) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overlooked[prog]
}
