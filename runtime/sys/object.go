package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ids walks the ids that a command gives one after another, until f is satisfied.
func ids(next uintptr, f func(id uint32) (done bool)) error {
	attr := struct{ start, next, flags uint32 }{}
	for {
		if _, err := bpf(next, unsafe.Pointer(&attr), unsafe.Sizeof(attr)); err != nil {
			return err
		}
		if f(attr.next) {
			return nil
		}
		attr.start = attr.next
	}
}

func byID(cmd uintptr, id uint32) (int, error) {
	attr := struct{ id, next, flags uint32 }{id: id}
	return bpf(cmd, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// OpenProgram opens a loaded BPF program by its id (kernel 4.13).
func OpenProgram(id uint32) (int, error) { return byID(cmdProgByID, id) }

// OpenBTF opens loaded BTF by its id (kernel 4.19).
func OpenBTF(id uint32) (int, error) { return byID(cmdBTFByID, id) }

// ProgramIDs lists the BPF programs that are loaded, oldest first.
func ProgramIDs() ([]uint32, error) {
	var list []uint32
	err := ids(cmdProgNextID, func(id uint32) bool {
		list = append(list, id)
		return false
	})
	if err == unix.ENOENT {
		err = nil // that was the last
	}
	return list, err
}

// OpenModuleBTF opens the BTF of a module, ENOENT when there is none (kernel 5.11).
func OpenModuleBTF(module string) (fd int, err error) {
	walk := ids(cmdBTFNextID, func(id uint32) bool {
		if fd, err = OpenBTF(id); err != nil {
			return err != unix.ENOENT // gone meanwhile
		}
		var own [64]byte
		info := btfInfo{name: first(own[:]), nameLen: uint32(len(own))}
		if err = infoOf(fd, unsafe.Pointer(&info), unsafe.Sizeof(info)); err == nil &&
			info.kernel != 0 && unix.ByteSliceToString(own[:]) == module {
			return true
		}
		unix.Close(fd)
		return false
	})
	if walk != nil {
		return -1, walk
	}
	return fd, err
}

// btfInfo is struct bpf_btf_info (kernel 5.11).
type btfInfo struct {
	raw      unsafe.Pointer
	size, id uint32
	name     unsafe.Pointer
	nameLen  uint32
	kernel   uint32
}

// BTFContents gives the raw BTF that a descriptor stands for.
func BTFContents(fd int) ([]byte, error) {
	var info btfInfo
	if err := infoOf(fd, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return nil, err
	}
	raw := make([]byte, info.size)
	info = btfInfo{raw: first(raw), size: uint32(len(raw))}
	err := infoOf(fd, unsafe.Pointer(&info), unsafe.Sizeof(info))
	return raw, err
}

// ProgramInfo is what the kernel tells of a loaded program.
type ProgramInfo struct {
	Name string
	Type uint32
	// BTF is the id of its BTF, 0 for none, and FuncTypes the ids therein of its
	// functions, the entry first.
	BTF       uint32
	FuncTypes []uint32
}

// progInfo is struct bpf_prog_info up to func_info_cnt (kernel 5.0).
type progInfo struct {
	kind, id             uint32
	_                    [8]byte
	_                    [48]byte
	name                 [16]byte
	_                    [48]byte
	btf, funcRec         uint32
	funcs                unsafe.Pointer
	funcCount, lineCount uint32
	_                    [8]byte
	_                    [8]byte
	_, _, _, _           uint32
	_, _                 uint64
}

// InfoOfProgram asks about a loaded program.
func InfoOfProgram(fd int) (ProgramInfo, error) {
	var raw progInfo
	if err := infoOf(fd, unsafe.Pointer(&raw), unsafe.Sizeof(raw)); err != nil {
		return ProgramInfo{}, err
	}
	p := ProgramInfo{Name: unix.ByteSliceToString(raw.name[:]), Type: raw.kind, BTF: raw.btf}
	if raw.funcCount == 0 {
		return p, nil
	}
	records := make([][2]uint32, raw.funcCount)
	raw = progInfo{funcRec: funcInfoSize, funcCount: uint32(len(records)), funcs: first(records)}
	if err := infoOf(fd, unsafe.Pointer(&raw), unsafe.Sizeof(raw)); err != nil {
		return p, err
	}
	for _, r := range records[:min(len(records), int(raw.funcCount))] {
		p.FuncTypes = append(p.FuncTypes, r[1])
	}
	return p, nil
}

func infoOf(fd int, info unsafe.Pointer, size uintptr) error {
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(fd), uint32(size), info}
	_, err := bpf(cmdInfoByFD, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err
}
