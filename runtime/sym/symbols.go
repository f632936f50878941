package sym

import "sonde/lang/types"

// Symbols is the service that types print addresses with.
type Symbols struct {
	// LoadKernel gives the kernel's table; it is called when the first address of
	// the kernel is looked up, and must load it once only.
	LoadKernel func() (*Kernel, error)
	Users      *User
}

var _ types.Symbols = (*Symbols)(nil)

// Kernel implements types.Symbols.
func (s *Symbols) Kernel(address uint64) (types.Frame, bool) {
	k, err := s.LoadKernel()
	if err != nil {
		return types.Frame{Addr: address}, false
	}
	return k.Lookup(address)
}

// User implements types.Symbols.
func (s *Symbols) User(pid uint32, address uint64) (types.Frame, bool) {
	return s.Users.Lookup(pid, address)
}

// Preload implements types.Symbols.
func (s *Symbols) Preload(pid uint32) { s.Users.Preload(pid) }
