// Package attach makes programs run when something happens in the kernel or in
// a process, and stops them again.
//
// Comes in: a plan and the descriptors of its loaded programs. Goes out: a Set of
// what is attached, and a diagnostic for each attachment that failed. Guaranteed:
// what is attached is held by file descriptors only, so nothing survives the
// process, however it ends; when Detach has returned no program runs any more.
//
// One file for each mechanism of codegen/plan/attach.go.
package attach

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// Set is what is attached.
type Set struct {
	// Reload loads a program of the plan again, to be attached in another way; its owner
	// closes it. It must be set before Attach.
	Reload func(program int, as ebpf.AttachType) (fd int, err error)

	plan  *plan.Plan
	progs []int
	// What the machine says, asked once and only if needed: the processors that run, and
	// the numbers of two kinds of perf events.
	cpus                   func() ([]int, error)
	uprobeKind, kprobeKind func() (uint32, error)

	// detach is held while descriptors are being closed.
	detach sync.Mutex

	mu   sync.Mutex
	held held
	// gates by program, see gate.go.
	gates    map[int]*gate
	attached int
	listings []listing
	// watched are the events of watchpoints, by address.
	watched map[uint64][]int
	// others are programs that were loaded again, by the plan's index, and instead the
	// attachments that they are for.
	others  map[int]func() (int, error)
	instead map[*plan.Attach]int
	tried   atomic.Int64
	cost    Cost
	// missed counts runs left out by program, as far as gates saw it.
	missed map[int]uint64
	// overlooked counts calls by program, as far as links of kprobes saw it.
	overlooked map[int]uint64
	// throttled counts by attachment how often events were held up, as far as meters saw it.
	throttled map[*plan.Attach]uint64
	failures  source.List
	// refused are the attachments to places of inlined functions that failed.
	refused map[*plan.Attach]error
}

// held are the descriptors that attachments hang on.
type held struct {
	// stops stop a program when they are closed: links, or, where the kernel has none,
	// perf events that hold the program themselves. events are the perf events behind
	// links.
	stops, events []int
	// meters are the ring buffers of events, and kprobes links that count, too.
	meters  []meter
	kprobes []kprobeLink
	// gates stop the programs behind them when they are shut; what those hang on is in
	// gated, and later, where the kernel can, in ring, an io_uring (0: none).
	gates []*gate
	gated []int
	ring  int
}

// New prepares to attach programs, descriptors by index in the plan.
func New(p *plan.Plan, progs []int) *Set {
	return &Set{
		plan: p, progs: progs,
		cpus:       sync.OnceValues(sys.OnlineCPUs),
		uprobeKind: sync.OnceValues(func() (uint32, error) { return sys.PerfType("uprobe") }),
		kprobeKind: sync.OnceValues(func() (uint32, error) { return sys.PerfType("kprobe") }),
		gates:      map[int]*gate{}, missed: map[int]uint64{}, overlooked: map[int]uint64{}, throttled: map[*plan.Attach]uint64{}, watched: map[uint64][]int{},
		others: map[int]func() (int, error){}, instead: map[*plan.Attach]int{},
		refused: map[*plan.Attach]error{},
	}
}

// atOnce bounds how many attachments are made at the same time. Making one waits
// for nothing, so that more than the processors do not help.
const atOnce = 4

// AttachFirst makes the attachments that come before programs of BeforeAttach run, as
// Attach does the others after it.
func (s *Set) AttachFirst(ctx context.Context) source.List {
	return s.make(s.singles(ctx, func(a *plan.Attach) bool { return a.First }))
}

// Attach makes all attachments except TestRuns and those that AttachFirst makes. Those of
// one place are made one after another, in the order that lets their programs run in script
// order. It gives a diagnostic for each that failed; the others stand. When ctx is done, it
// makes no more.
func (s *Set) Attach(ctx context.Context) source.List {
	s.openGates()
	jobs := append(s.groups(ctx), s.singles(ctx, func(a *plan.Attach) bool { return !a.First })...)
	defer s.held.putAway() // what is behind gates is only ever closed, and without waiting
	return s.make(jobs)
}

// make does the jobs of attaching.
func (s *Set) make(jobs []func()) source.List {
	if len(jobs) == 0 {
		return nil
	}
	begin := time.Now()
	queue := make(chan func(), len(jobs))
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	var wg sync.WaitGroup
	for range min(atOnce, len(jobs)) {
		wg.Go(func() {
			for job := range queue {
				job()
			}
		})
	}
	wg.Wait()
	s.cost.Attach += time.Since(begin)
	s.cost.Links = len(s.held.stops) + len(s.held.gated)
	return s.sorted()
}

// groups are the attachments of links that hold many places.
func (s *Set) groups(ctx context.Context) (jobs []func()) {
	if groups := s.multis(); len(groups) > 0 {
		jobs = append(jobs, func() {
			for _, g := range groups {
				if ctx.Err() == nil {
					s.attachMulti(g)
				}
			}
		})
	}
	if groups := s.kernelMultis(); len(groups) > 0 {
		jobs = append(jobs, func() {
			for _, g := range groups {
				s.attachKernelMulti(ctx, g)
			}
		})
	}
	return jobs
}

// singles are the other attachments, those that are wanted, by place.
func (s *Set) singles(ctx context.Context, wanted func(*plan.Attach) bool) (jobs []func()) {
	places := map[any][]*plan.Attach{}
	var order []any
	for _, a := range s.plan.Attach {
		if s.single(a) && wanted(a) {
			key := place(a.How)
			if places[key] == nil {
				order = append(order, key)
			}
			places[key] = append(places[key], a)
		}
	}
	for _, key := range order {
		list := places[key]
		jobs = append(jobs, func() {
			for i := range list {
				if ctx.Err() != nil {
					return
				}
				a := list[i]
				if s.lastFirst(a) {
					a = list[len(list)-1-i]
				}
				if err := s.attach(a); err != nil {
					s.failed(a, err)
				}
				s.tried.Add(1)
			}
		})
	}
	return jobs
}

// single tells whether an attachment is made by attach.
func (s *Set) single(a *plan.Attach) bool {
	switch a.How.(type) {
	case plan.TestRun:
		return false
	}
	switch s.kind(a) {
	case ebpf.AttachTraceUprobeMulti, ebpf.AttachTraceKprobeMulti, ebpf.AttachTraceKprobeSession:
		return false
	}
	return true
}

// kind is what an attachment's program was loaded to be attached as.
func (s *Set) kind(a *plan.Attach) ebpf.AttachType { return s.plan.Programs[a.Program].AttachType }

// place is equal for attachments whose programs run at the same moments.
func place(how plan.Mechanism) any {
	if t, ok := how.(plan.PerfTracepoint); ok {
		t.ID = 0
		return t
	}
	return how
}

// lastFirst tells that the kernel runs what was attached last first: probes, and
// programs behind one trampoline (bpf_trampoline_link_prog).
func (s *Set) lastFirst(a *plan.Attach) bool {
	switch a.How.(type) {
	case plan.Uprobe, plan.Kprobe:
		return true
	}
	kind := s.kind(a)
	return kind == ebpf.AttachTraceFEntry || kind == ebpf.AttachTraceFExit
}

// attach makes one attachment.
func (s *Set) attach(a *plan.Attach) error {
	switch how := a.How.(type) {
	case plan.PerfTracepoint:
		return s.tracepoint(a, how)
	case plan.RawTracepoint:
		return s.rawTracepoint(a, how)
	case plan.PerfEvent:
		return s.perfEvent(a, how)
	case plan.Uprobe:
		return s.uprobe(a, how)
	case plan.Kprobe:
		return s.kprobe(a, how)
	case plan.Breakpoint:
		return s.breakpoint(a, how)
	case plan.Iterator:
		return s.iterator(a, how)
	}
	return errUnknown
}

// prog gives the descriptor of an attachment's program.
func (s *Set) prog(a *plan.Attach) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fd, ok := s.instead[a]; ok {
		return fd
	}
	return s.progs[a.Program]
}

// gateOf gives the gate before an attachment's program, or nil.
func (s *Set) gateOf(a *plan.Attach) *gate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gates[a.Program]
}

// hold keeps the descriptors of a finished attachment: one that stops the program,
// and the event behind it (-1: none).
func (s *Set) hold(stop, event, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held.stops = append(s.held.stops, stop)
	if event >= 0 {
		s.held.events = append(s.held.events, event)
	}
	s.attached += count
}

// holdGated keeps the descriptors of an attachment behind a gate (link -1: none).
func (s *Set) holdGated(link, event int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if link >= 0 {
		s.held.gated = append(s.held.gated, link)
	}
	s.held.gated = append(s.held.gated, event)
	s.attached++
}

// failed keeps what to say about a failure: a warning for what was found by a wildcard.
func (s *Set) failed(a *plan.Attach, err error) {
	if _, ok := inlinedPlace(a); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused[a] = err
		return
	}
	d := explain(a, err)
	if a.Found {
		d.Severity = source.Warning
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, d)
}

// Missed is how many runs of a program the kernel left out, since it was detached.
func (s *Set) Missed(prog int) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.missed[prog]
	own, _ := sys.Misses(s.progs[prog]) // 0 where the kernel does not count
	if other := s.others[prog]; other != nil {
		if fd, err := other(); err == nil {
			again, _ := sys.Misses(fd)
			n += again
		}
	}
	return n + own
}

// Tried is how many attachments were made, or failed.
func (s *Set) Tried() int { return int(s.tried.Load()) }

// Count is how many attachments stand.
func (s *Set) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attached
}
