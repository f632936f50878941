package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// programScripts are measured by the kernel's own statistics while this process
// makes the calls that they trace.
var programScripts = []script{
	{"empty", "tracepoint:raw_syscalls:sys_enter { }"},
	{"count", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"},
	{"count by comm", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"},
	{"count by pid, comm, id", "tracepoint:raw_syscalls:sys_enter { @[pid, comm, args->id] = count(); }"},
	{"filter", `tracepoint:raw_syscalls:sys_enter /comm == "no such name"/ { @ = count(); }`},
	{"latency histogram", latencyScript},
	{"kernel stack", "tracepoint:raw_syscalls:sys_enter { @[kstack] = count(); }"},
	{"user stack", "tracepoint:raw_syscalls:sys_enter { @[ustack] = count(); }"},
	{"string of the caller", "tracepoint:syscalls:sys_enter_faccessat { @[str(args->filename)] = count(); }"},
	{"printf of a string", `tracepoint:syscalls:sys_enter_faccessat { printf("%s %s\n", comm, str(args->filename)); }`},
	{"histogram of a result", "tracepoint:raw_syscalls:sys_exit { @ = hist(args->ret); }"},
	{"printf, filtered to one process", "tracepoint:raw_syscalls:sys_enter /pid == %d/ { printf(\"%%d %%s %%d\\n\", pid, comm, args->id); }"},
}

// calls is how often each system call of the workload is made.
const calls = 100_000

func (b *bench) programs() {
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		fmt.Println("no run statistics:", err)
		return
	}
	defer stats.Close()
	for _, s := range b.running {
		script := s.text
		if strings.Contains(script, "%d/") {
			script = fmt.Sprintf(script, unix.Getpid())
		}
		insns, ns := b.samples(), b.samples()
		why := make([]string, len(b.tools))
		b.repeat(func() {
			for i, t := range b.tools {
				m, err := measure(t, script)
				if err != nil {
					why[i] = err.Error()
					continue
				}
				insns[i] = append(insns[i], float64(m.instructions))
				ns[i] = append(ns[i], m.ns)
			}
		})
		b.add(s.name+": instructions", "number", medians(insns), why)
		b.add(s.name+": a call costs", "ns", medians(ns), why)
	}
}

type cost struct {
	instructions int
	ns           float64 // of all programs, for one pass of the workload
}

// measure runs the script around the workload and reads the statistics of the
// programs that came with it.
func measure(tool, script string) (cost, error) {
	before, err := programIDs()
	if err != nil {
		return cost{}, err
	}
	p, err := start(tool, script)
	if err != nil {
		return cost{}, err
	}
	defer p.stop(limit)
	select {
	case _, ok := <-p.attached:
		if !ok {
			return cost{}, errors.New("refused")
		}
	case <-time.After(limit):
		return cost{}, errors.New("did not attach")
	}
	after, err := programIDs()
	if err != nil {
		return cost{}, err
	}
	var progs []*ebpf.Program
	for _, id := range after {
		if slices.Contains(before, id) {
			continue
		}
		if prog, err := ebpf.NewProgramFromID(id); err == nil {
			defer prog.Close()
			progs = append(progs, prog)
		}
	}
	from, err := total(progs)
	if err != nil {
		return cost{}, err
	}
	workload()
	to, err := total(progs)
	return cost{instructions: to.instructions, ns: (to.ns - from.ns) / calls}, err
}

func total(progs []*ebpf.Program) (cost, error) {
	var sum cost
	for _, prog := range progs {
		st, err := prog.Stats()
		if err != nil {
			return sum, err
		}
		sum.ns += float64(st.Runtime.Nanoseconds())
		info, err := prog.Info()
		if err != nil {
			return sum, err
		}
		insns, err := info.Instructions()
		if err != nil {
			return sum, err
		}
		sum.instructions += int(insns.Size() / 8)
	}
	return sum, nil
}

// workload makes the traced calls, on one thread.
func workload() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range calls {
		unix.Access("/no/such/file", 0)
	}
}

func programIDs() ([]ebpf.ProgramID, error) {
	var ids []ebpf.ProgramID
	var id ebpf.ProgramID
	for {
		next, err := ebpf.ProgramGetNextID(id)
		if errors.Is(err, unix.ENOENT) {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, next)
		id = next
	}
}
