package plan

// Mechanism is a way to run a program, in the kernel's terms. Probe types choose
// one; the runtime has one file for each.
type Mechanism interface{ mechanism() }

// Stage says when a TestRun happens.
type Stage uint8

const (
	// BeforeAttach: once, before anything else is attached.
	BeforeAttach Stage = iota
	// AfterDetach: once, when everything else is detached.
	AfterDetach
	// OnSignal: each time the tracer receives the signal.
	OnSignal
	// OnTest: once in place of tracing; the result, 0 for good, says how it went.
	OnTest
	// OnBenchmark: many times in place of tracing, to measure how long it takes.
	OnBenchmark
)

type (
	// TestRun runs the program through BPF_PROG_TEST_RUN.
	TestRun struct {
		Stage  Stage
		Signal int
		// Name is what a test or benchmark is called.
		Name string
	}
	// PerfTracepoint attaches through perf_event_open(2) and the event's id.
	PerfTracepoint struct {
		Category, Event string
		ID              uint64 // 0: read it from tracefs
	}
	// RawTracepoint attaches by name, BTF-typed or not as the program's type says.
	RawTracepoint struct{ Name string }
	// PerfEvent opens a software or hardware event on CPUs.
	PerfEvent struct {
		Type   uint32
		Config uint64
		// Period in events or ns; with Freq it is a rate per second.
		Period uint64
		Freq   bool
		// OneCPU: on a single CPU only, else on all that are online.
		OneCPU bool
		PID    int
	}
	// Uprobe attaches to an offset of a file.
	Uprobe struct {
		Path   string
		Symbol string
		// Offset within the file, bytes.
		Offset uint64
		Return bool
		PID    int
		// RefCounter is the file offset of a USDT semaphore, or 0.
		RefCounter uint64
	}
	// Kprobe attaches to a kernel function or address. With an Address, the symbol and
	// offset only name it.
	Kprobe struct {
		Module, Symbol string
		Offset         uint64
		Address        uint64
		Return         bool
		// Inlined is the function whose code the compiler put there, "" for none.
		Inlined string
	}
	// Breakpoint runs the program when memory is touched.
	Breakpoint struct {
		// Type is of the bits HW_BREAKPOINT_R, W and X.
		Type            uint32
		Address, Length uint64
		// PID: only by the process's threads, and by its children; 0: by all processors.
		PID int
	}
	// Iterator runs the program once for each object of a kind, when it is read.
	Iterator struct {
		Name string
		// PID, when not 0, leaves out what does not belong to the process, where
		// objects belong to processes.
		PID int
		// Order is that of cgroups, which the kernel wants to be told
		// (BPF_CGROUP_ITER_*); it begins at their root. 0: the objects are others.
		Order uint32
		// Pin is a file to keep the iterator in, instead of reading it; "": none.
		Pin string
	}
)

func (TestRun) mechanism()        {}
func (PerfTracepoint) mechanism() {}
func (RawTracepoint) mechanism()  {}
func (PerfEvent) mechanism()      {}
func (Uprobe) mechanism()         {}
func (Kprobe) mechanism()         {}
func (Breakpoint) mechanism()     {}
func (Iterator) mechanism()       {}
