package attach

import (
	"fmt"
	"time"
)

// Cost is what attaching and detaching took.
type Cost struct {
	// Links is how many descriptors of the kernel stop the programs.
	Links int
	// Attach and Detach are how long Attach and Detach took. Kernel is the time in the
	// system calls that attached, of all threads together.
	Attach, Kernel, Detach time.Duration
}

func (c Cost) String() string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }
	return fmt.Sprintf("%d links, attached in %s (system calls %s), detached in %s", c.Links, ms(c.Attach), ms(c.Kernel), ms(c.Detach))
}

// Cost is known when Detach has returned.
func (s *Set) Cost() Cost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cost
}

// inKernel adds the time since begin to what the kernel took.
func (s *Set) inKernel(begin time.Time) {
	took := time.Since(begin)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost.Kernel += took
}
