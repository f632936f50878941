package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sonde/lang/check"
	"sonde/lang/types/btf"
	"sonde/runtime/sys"
)

// Programs implements check.Host. Unlike other answers it is of the moment.
func (h *Host) Programs(id uint32) ([]check.BPFProgram, error) {
	ids := []uint32{id}
	if id == 0 {
		var err error
		if ids, err = sys.ProgramIDs(); err != nil {
			return nil, fmt.Errorf("list of BPF programs: %w", notPermitted(err, "the list of BPF programs", "run as root, or with CAP_SYS_ADMIN"))
		}
	}
	var list []check.BPFProgram
	specs := map[uint32]*btf.Spec{} // a program's parts share theirs
	for _, id := range ids {
		p, err := program(id, specs)
		switch {
		case errors.Is(err, unix.ENOENT): // gone meanwhile
		case err != nil:
			return nil, fmt.Errorf("BPF program %d: %w", id, err)
		default:
			list = append(list, p)
		}
	}
	return list, nil
}

func program(id uint32, specs map[uint32]*btf.Spec) (check.BPFProgram, error) {
	p := check.BPFProgram{ID: id}
	fd, err := sys.OpenProgram(id)
	if err != nil {
		return p, err
	}
	defer unix.Close(fd)
	info, err := sys.InfoOfProgram(fd)
	if err != nil {
		return p, err
	}
	p.Name, p.Tracing = info.Name, info.Type == unix.BPF_PROG_TYPE_TRACING
	if info.BTF == 0 {
		return p, nil
	}
	spec, known := specs[info.BTF]
	if !known {
		if spec, err = specOf(info.BTF); err != nil {
			return p, err
		}
		specs[info.BTF] = spec
	}
	for _, id := range info.FuncTypes {
		if fn, ok := spec.FuncByID(id); ok {
			p.Funcs = append(p.Funcs, fn)
		}
	}
	return p, nil
}

// specOf reads the type information of a program.
func specOf(id uint32) (*btf.Spec, error) {
	fd, err := sys.OpenBTF(id)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	raw, err := sys.BTFContents(fd)
	if err != nil {
		return nil, err
	}
	return btf.Foreign(raw)
}
