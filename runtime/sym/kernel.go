// Package sym turns addresses into names: of the kernel through /proc/kallsyms,
// of processes through their memory maps and the symbol tables of ELF files.
//
// Comes in: addresses, with process ids for those of user code. Goes out: function,
// offset, and the module or binary. Guaranteed: nothing is read before an
// address is asked for; a process that has ended is still known if it was asked
// for while it lived.
package sym

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"sonde/lang/types"
)

// Kernel is the kernel's symbol table, sorted by address. Its names lie in one
// piece of memory: a symbol costs 16 bytes and its name.
type Kernel struct {
	list    []kernelSymbol
	names   []byte
	modules []string // by kernelSymbol.module; [0] is the kernel proper, ""
}

type kernelSymbol struct {
	address uint64
	name    uint32 // offset in names, NUL-terminated
	module  uint16
}

// LoadKernel reads a table in the form of /proc/kallsyms.
func LoadKernel(path string) (*Kernel, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("kernel symbols: %w", err)
	}
	defer f.Close()
	k, err := readKernel(f)
	if err != nil {
		return nil, fmt.Errorf("kernel symbols in %s: %w", path, err)
	}
	return k, nil
}

// What a table usually has: room for that is made at once.
const (
	typicalSymbols = 160_000
	typicalName    = 24 // bytes
)

// kernelHalf is the lowest address that is the kernel's. Symbols below are
// offsets into per-CPU areas, not addresses.
const kernelHalf = 1 << 63

func readKernel(r io.Reader) (*Kernel, error) {
	k := &Kernel{
		list:    make([]kernelSymbol, 0, typicalSymbols),
		names:   make([]byte, 0, typicalSymbols*typicalName),
		modules: []string{""},
	}
	known := map[string]uint16{}
	sorted, hidden := true, true
	last := uint64(0)
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			address, name, module, ok := parseKernelSymbol(line)
			hidden = hidden && address == 0
			if ok && address >= kernelHalf {
				s := kernelSymbol{address: address, name: uint32(len(k.names))}
				if len(module) > 0 {
					if s.module, ok = known[string(module)]; !ok {
						s.module = uint16(len(k.modules))
						known[string(module)] = s.module
						k.modules = append(k.modules, string(module))
					}
				}
				k.names = append(append(k.names, name...), 0)
				k.list = append(k.list, s)
				sorted = sorted && address >= last
				last = address
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if hidden {
		return nil, errors.New("addresses are hidden; run as root or with CAP_SYSLOG, and see /proc/sys/kernel/kptr_restrict")
	}
	if !sorted {
		// Stable: of several names for an address, the kernel lists the best first.
		sort.SliceStable(k.list, func(i, j int) bool { return k.list[i].address < k.list[j].address })
	}
	return k, nil
}

// parseKernelSymbol reads "address type name\t[module]".
func parseKernelSymbol(line []byte) (address uint64, name, module []byte, ok bool) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	space := bytes.IndexByte(line, ' ')
	if space < 0 || len(line) < space+4 || line[space+2] != ' ' {
		return 0, nil, nil, false
	}
	for _, c := range line[:space] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, nil, nil, false
		}
		address = address<<4 | uint64(c)
	}
	name = line[space+3:]
	if tab := bytes.IndexByte(name, '\t'); tab >= 0 {
		name, module = name[:tab], bytes.Trim(name[tab:], "\t[] ")
	}
	return address, name, module, len(name) > 0
}

func (k *Kernel) name(s kernelSymbol) string {
	name := k.names[s.name:]
	return string(name[:bytes.IndexByte(name, 0)])
}

// Len is how many symbols there are.
func (k *Kernel) Len() int { return len(k.list) }

// Address finds a symbol by name; 0 when there is none.
func (k *Kernel) Address(name string) uint64 {
	at := -1
	needle := []byte(name + "\x00")
	for from := 0; ; {
		i := bytes.Index(k.names[from:], needle)
		if i < 0 || name == "" {
			return 0
		}
		at = from + i
		if at == 0 || k.names[at-1] == 0 {
			break
		}
		from = at + 1
	}
	for _, s := range k.list {
		if s.name == uint32(at) {
			return s.address
		}
	}
	return 0
}

// lastSize is how far the last symbol is taken to reach, bytes: the table has no
// sizes.
const lastSize = 64 << 10

// Lookup finds the symbol that an address lies in.
func (k *Kernel) Lookup(address uint64) (types.Frame, bool) {
	frame := types.Frame{Addr: address}
	end := sort.Search(len(k.list), func(i int) bool { return k.list[i].address > address })
	if end == 0 || end == len(k.list) && address-k.list[end-1].address >= lastSize {
		return frame, false
	}
	start := k.list[end-1].address
	first := sort.Search(end, func(i int) bool { return k.list[i].address >= start })
	s := k.list[first]
	frame.Name, frame.Offset, frame.Module = k.name(s), address-s.address, k.modules[s.module]
	return frame, true
}
