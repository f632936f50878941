package featuretest

import (
	"encoding/binary"
	"runtime"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"sonde/lang/feature"
	"sonde/runtime/sys"
)

// Words of the value that the test program keeps.
const (
	inside = 0 // it runs
	nested = 8 // how often it was run within itself
)

// TestRecursion has a program meet itself: what runs when this thread gets another name
// sends the thread a signal, and is to run when signals are sent, too. The feature is
// looked up, so this shows that what is found means what it is taken for.
func TestRecursion(t *testing.T) {
	NeedRoot(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, initial := running().PIDNamespace(); !initial {
		t.Skip("the program knows threads by their numbers in the first namespace")
	}
	state, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, License: "GPL", Instructions: selfSignal(state.FD(), unix.Gettid())})
	if err != nil {
		t.Fatal(err)
	}
	defer prog.Close()
	for _, name := range []string{"signal_generate", "task_rename"} {
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: name, Program: prog})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	// Newer kernels put off the signal to an interrupt, which can come too late for the
	// run that asked for it.
	const attempts = 100
	for range attempts {
		same := [16]byte{}
		copy(same[:], "recursion")
		if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&same)), 0, 0, 0); err != nil {
			t.Fatal(err)
		}
		value, err := state.LookupBytes(uint32(0))
		if err != nil {
			t.Fatal(err)
		}
		met := binary.NativeEndian.Uint64(value[nested:])
		left, err := sys.Misses(prog.FD())
		if err != nil {
			t.Fatal(err)
		}
		if met == 0 && left == 0 {
			continue
		}
		t.Logf("%d runs within another, %d left out", met, left)
		if guarded, found := met == 0, Has(feature.RawTPRecursion); guarded != found {
			t.Errorf("the kernel keeps programs from running within themselves: %v; the feature is found: %v", guarded, found)
		}
		return
	}
	t.Error("the program never met itself")
}

// selfSignal sends the thread that it runs on a signal that means nothing, stays for a
// while, and counts the runs that begin in the meantime.
func selfSignal(state, thread int) asm.Instructions {
	const rounds = 2000 // some 100 µs
	return asm.Instructions{
		asm.FnGetCurrentPidTgid.Call(),
		asm.JNE.Imm32(asm.R0, int32(thread), "out"),
		asm.LoadMapValue(asm.R6, state, 0),
		asm.LoadMem(asm.R7, asm.R6, inside, asm.DWord),
		asm.JNE.Imm(asm.R7, 0, "nested"),
		asm.Mov.Imm(asm.R7, 1),
		asm.StoreMem(asm.R6, inside, asm.R7, asm.DWord),
		asm.Mov.Imm(asm.R1, int32(unix.SIGURG)),
		asm.FnSendSignal.Call(),
		asm.Mov.Imm(asm.R7, 0),
		asm.FnKtimeGetNs.Call().WithSymbol("stay"),
		asm.Add.Imm(asm.R7, 1),
		asm.JLT.Imm(asm.R7, rounds, "stay"),
		asm.Mov.Imm(asm.R7, 0),
		asm.StoreMem(asm.R6, inside, asm.R7, asm.DWord),
		asm.Ja.Label("out"),
		asm.LoadMem(asm.R7, asm.R6, nested, asm.DWord).WithSymbol("nested"),
		asm.Add.Imm(asm.R7, 1),
		asm.StoreMem(asm.R6, nested, asm.R7, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}
}
