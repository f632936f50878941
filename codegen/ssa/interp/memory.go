package interp

import "fmt"

// Region is a piece of memory with an address.
type Region struct {
	Name  string
	Base  uint64
	Bytes []byte
	// Written tells which bytes have a value; nil when all have.
	Written []bool
	freed   bool
}

// Text shows the bytes in hexadecimal, ?? for those never written.
func (r *Region) Text() string {
	out := make([]byte, 0, 2*len(r.Bytes))
	for i, c := range r.Bytes {
		if r.Written != nil && !r.Written[i] {
			out = append(out, "??"...)
			continue
		}
		out = fmt.Appendf(out, "%02x", c)
	}
	return string(out)
}

// Memory is an address space: regions far from each other, so that an access
// out of bounds hits nothing, and around them the kernel's memory, which can
// only be read and whose bytes depend on nothing but the address and the seed.
// Stacks lie apart: how many regions they take is an allocator's business, and what
// else there is has the same address whatever it decides.
type Memory struct {
	Seed    uint64
	regions []*Region // by (base - firstBase) / spacing
	stack   []*Region // by (base - stackBase) / spacing
}

const (
	firstBase = 0xffff_c900_0000_0000
	stackBase = 0xffff_e900_0000_0000
	spacing   = 1 << 24
)

// Alloc makes a region of n bytes. Unless zeroed, its bytes must be written
// before they are read.
func (m *Memory) Alloc(name string, n int, zeroed bool) *Region {
	r := &Region{Name: name, Base: firstBase + uint64(len(m.regions))*spacing, Bytes: make([]byte, n)}
	if !zeroed {
		r.Written = make([]bool, n)
	}
	m.regions = append(m.regions, r)
	return r
}

// AllocStack makes a region of n bytes of a stack, none of them written.
func (m *Memory) AllocStack(name string, n int) *Region {
	r := &Region{Name: name, Base: stackBase + uint64(len(m.stack))*spacing, Bytes: make([]byte, n), Written: make([]bool, n)}
	m.stack = append(m.stack, r)
	return r
}

// Find gives the region whose address range, gaps included, holds addr.
func (m *Memory) Find(addr uint64) *Region {
	regions, base := m.regions, uint64(firstBase)
	if addr >= stackBase {
		regions, base = m.stack, stackBase
	}
	if i := (addr - base) / spacing; addr >= base && i < uint64(len(regions)) {
		return regions[i]
	}
	return nil
}

// span gives the bytes at addr, or an error that says what is wrong with them.
func (m *Memory) span(addr uint64, n int) (*Region, int, error) {
	r := m.Find(addr)
	if r == nil {
		return nil, 0, fmt.Errorf("no memory at %#x", addr)
	}
	off := int(addr - r.Base)
	switch {
	case r.freed:
		return nil, 0, fmt.Errorf("%s is gone", r.Name)
	case n < 0 || off+n > len(r.Bytes):
		return nil, 0, fmt.Errorf("bytes %d to %d of %s, which has %d", off, off+n, r.Name, len(r.Bytes))
	}
	return r, off, nil
}

// Read copies n bytes out.
func (m *Memory) Read(addr uint64, n int) ([]byte, error) {
	r, off, err := m.span(addr, n)
	if err != nil {
		return nil, err
	}
	if r.Written != nil {
		for i := off; i < off+n; i++ {
			if !r.Written[i] {
				return nil, fmt.Errorf("byte %d of %s is read and was never written", i, r.Name)
			}
		}
	}
	return append([]byte(nil), r.Bytes[off:off+n]...), nil
}

// Write copies bytes in.
func (m *Memory) Write(addr uint64, data []byte) error {
	r, off, err := m.span(addr, len(data))
	if err != nil {
		return err
	}
	copy(r.Bytes[off:], data)
	if r.Written != nil {
		for i := range data {
			r.Written[off+i] = true
		}
	}
	return nil
}

// Load reads a little-endian number of width bits.
func (m *Memory) Load(addr uint64, width uint8) (uint64, error) {
	data, err := m.Read(addr, int(width/8))
	return number(data), err
}

// Store writes the low width bits of x, little-endian.
func (m *Memory) Store(addr uint64, width uint8, x uint64) error {
	var data [8]byte
	for i := range data {
		data[i] = byte(x >> (8 * i))
	}
	return m.Write(addr, data[:width/8])
}

// Kernel gives n bytes of the kernel's memory.
func (m *Memory) Kernel(addr uint64, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(mix(m.Seed ^ (addr + uint64(i))))
	}
	return data
}

func number(data []byte) (x uint64) {
	for i, c := range data {
		x |= uint64(c) << (8 * i)
	}
	return x
}

// mix scatters the bits of x: the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
