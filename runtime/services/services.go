// Package services gives rendering what it needs of the world: symbols, names of
// users and control groups, how strings are shown.
//
// Comes in: the host, and how the run is set. Goes out: a types.Env. Guaranteed:
// nothing is read before a value is printed that needs it, and what was read once
// is kept.
package services

import (
	"sonde/lang/types"
	"sonde/runtime/names"
	"sonde/runtime/sym"
)

// Options are what the services go by.
type Options struct {
	// Kernel gives the kernel's symbols; called when first needed.
	Kernel func() (*sym.Kernel, error)
	// User is how addresses of processes are looked up.
	User sym.Options
	// Escape: output goes to a terminal, which traced strings must not steer.
	Escape bool
	// Trailer follows strings that were cut off.
	Trailer string
}

// Env implements types.Env.
type Env struct {
	symbols *sym.Symbols
	users   names.Users
	cgroups names.Cgroups
	escape  bool
	trailer string
}

// New makes the services.
func New(opt Options) *Env {
	return &Env{
		symbols: &sym.Symbols{LoadKernel: opt.Kernel, Users: sym.NewUser(opt.User)},
		escape:  opt.Escape,
		trailer: opt.Trailer,
	}
}

// Service implements types.Env.
func (e *Env) Service(key any) any {
	switch key.(type) {
	case *types.Symbols:
		return e.symbols
	case *types.Users:
		return &e.users
	case *types.Cgroups:
		return &e.cgroups
	case *types.Terminal, *types.Strings:
		return e
	}
	return nil
}

// Escape implements types.Terminal.
func (e *Env) Escape() bool { return e.escape }

// Trailer implements types.Strings.
func (e *Env) Trailer() string { return e.trailer }
