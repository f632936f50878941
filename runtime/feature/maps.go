package feature

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// withMap makes a map for a test, and closes it afterwards.
func withMap(spec sys.MapSpec, ask func(fd int) answer) answer {
	fd, err := sys.CreateMap(spec)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(fd)
	return ask(fd)
}

// largeKeys makes a map whose keys exceed the stack of a program.
func largeKeys(*Kernel) answer {
	return withMap(sys.MapSpec{Type: uint32(ebpf.Hash), Key: 513, Value: 1, Entries: 1}, func(int) answer { return yes })
}

// mapAlloc loads a program that could run out of any context, in the midst of the
// allocator too, with a map whose elements are allocated when they are written: the
// verifier refused that of perf events' programs until the allocation was safe.
func mapAlloc(*Kernel) answer {
	spec := sys.MapSpec{Type: uint32(ebpf.Hash), Key: 4, Value: 4, Entries: 1, Flags: unix.BPF_F_NO_PREALLOC}
	return withMap(spec, func(fd int) answer {
		return accepted(ofType(ebpf.PerfEvent), append([]asm.Instruction{asm.LoadMapPtr(asm.R1, fd)}, nothing()...)...)
	})
}

// batches reads a map by batches.
func batches(*Kernel) answer {
	spec := sys.MapSpec{Type: uint32(ebpf.Hash), Key: 4, Value: 8, Entries: 1}
	return withMap(spec, func(fd int) answer {
		var b sys.Batch
		if _, _, err := b.LookupBatch(fd, make([]byte, spec.Key), make([]byte, spec.Value), 1); err != nil {
			return refused(err)
		}
		return yes
	})
}
