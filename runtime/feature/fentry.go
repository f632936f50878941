package feature

import (
	"encoding/binary"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// fentryTarget is there for tests in every kernel that has fentry
// (net/bpf/test_run.c), and is called only by them.
const fentryTarget = "bpf_fentry_test1"

// fentry loads an empty program bound to a function: kernels without the function
// tracer's trampolines refuse that.
func fentry(k *Kernel) answer {
	if k.btf() == nil {
		return no
	}
	p, ok := k.bound(fentryTarget, ebpf.AttachTraceFEntry)
	if !ok {
		return unknown
	}
	return accepted(p, nothing()...)
}

// fentryAttach attaches such a program. It says nothing where none can be loaded, which
// is the answer to another question.
func fentryAttach(k *Kernel) answer {
	p, ok := k.bound(fentryTarget, ebpf.AttachTraceFEntry)
	if !ok {
		return unknown
	}
	program, err := load(p, nothing()...)
	if err != nil {
		return unknown
	}
	defer unix.Close(program)
	link, err := sys.OpenRawTracepoint(program, "", 0)
	if err != nil {
		return refused(err)
	}
	unix.Close(link)
	return yes
}

// fentryTracing loads a program that is bound to another of its own type, an iterator.
// Like fentryAttach it says nothing where no such program can be loaded at all.
func fentryTracing(k *Kernel) answer {
	if fentry(k) != yes {
		return unknown
	}
	inner, ok := k.bound(iterTasks, ebpf.AttachTraceIter)
	if !ok {
		return no
	}
	raw, id, err := functionBTF()
	if err != nil {
		return unknown
	}
	if inner.BTF, err = sys.LoadBTF(raw); err != nil {
		return refused(err)
	}
	defer unix.Close(inner.BTF)
	// struct bpf_func_info: the program's first instruction begins the function.
	inner.FuncInfo = binary.NativeEndian.AppendUint32(make([]byte, 4), uint32(id))
	program, err := load(inner, nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	return accepted(sys.Program{
		Type: uint32(ebpf.Tracing), AttachType: uint32(ebpf.AttachTraceFEntry), AttachTo: program, AttachBTFID: uint32(id),
	}, nothing()...)
}

// functionBTF describes the function "int traced(void *)", and gives its id.
func functionBTF() (raw []byte, id btf.TypeID, err error) {
	b, err := btf.NewBuilder(nil, nil)
	if err != nil {
		return nil, 0, err
	}
	proto := &btf.FuncProto{
		Return: &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed},
		Params: []btf.FuncParam{{Name: "data", Type: &btf.Pointer{Target: (*btf.Void)(nil)}}},
	}
	if id, err = b.Add(&btf.Func{Name: "traced", Type: proto, Linkage: btf.StaticFunc}); err != nil {
		return nil, 0, err
	}
	raw, err = b.Marshal(nil, nil)
	return raw, id, err
}
