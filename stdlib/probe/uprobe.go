package probe

import (
	"slices"
	"strconv"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Uprobe attaches to functions and instructions of programs and libraries.
var Uprobe = user("uprobe", "u", false, `Runs when a function of a program or library is entered, or at an instruction.
The binary is a path, a command found by PATH, or a library's bare name (libc);
wildcards may stand in both parts. argN are the arguments in registers.`,
	record.Example{Script: `uprobe:libc:malloc { @bytes = hist(arg0); }`})

// Uretprobe attaches to the returns of functions.
var Uretprobe = user("uretprobe", "ur", true, `Runs when a function of a program or library returns; retval is its result.
The kernel replaces the return address on the stack, which programs that inspect
their own stack (Go's runtime among them) do not survive.`,
	record.Example{Script: `uretprobe:libc:malloc /retval == 0/ { @failed[comm] = count(); }`})

// userTarget is what an attach point of a user-space probe says: a symbol with
// an offset, or an address when the symbol is empty.
type userTarget struct {
	binary, symbol  string
	offset, address uint64
}

func user(name, alias string, ret bool, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":binary:function"}
	if !ret {
		forms = append(forms, name+":binary:function+offset", name+":binary:address")
	}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: []string{alias},
			Parse:   func(p *check.Point) *source.Diagnostic { return parseUser(p, ret, forms) },
			Expand: func(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
				return expandUser(p, host, opt, ret)
			},
			Context: func(t *check.Target, _ check.Host) (*check.Context, *source.Diagnostic) {
				return userContext(t, ret), nil
			},
			// Only what asks where the code lies can tell targets apart.
			Group:  func(*check.Target) string { return name },
			Cookie: feature.AttachCookie,
		},
		Attach: mechanism,
		List: func(host check.Host, parts []string, pid int) ([]string, error) {
			return listUser(host, name, parts, pid)
		},
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

func parseUser(p *check.Point, ret bool, forms []string) *source.Diagnostic {
	if d := wantParts(p, 2, 2, forms...); d != nil {
		return d
	}
	at := userTarget{binary: p.Parts[0]}
	if at.binary == "" || p.Parts[1] == "" {
		return bad(p, codeValue, "%s should have a target binary and a function", p.Provider.Name).
			WithHint("write %s", forms[0])
	}
	if address, err := strconv.ParseUint(p.Parts[1], 0, 64); err == nil {
		at.address = address
		p.Data = at
		if ret {
			return bad(p, codeValue, "%s can only be attached to a function, not to an address", p.Provider.Name).
				WithHint("write %s", forms[0])
		}
		return nil
	}
	var d *source.Diagnostic
	at.symbol, at.offset, d = readOffset(p, p.Parts[1], ret, forms[0])
	p.Data = at
	return d
}

func expandUser(p *check.Point, host check.Host, opt *check.Options, ret bool) ([]check.Target, *source.Diagnostic) {
	at := p.Data.(userTarget)
	if d := misplaced(p, host, at.address+at.offset); d != nil {
		return nil, d
	}
	if opt.Offline {
		return oneUser(p, plan.Uprobe{Path: at.binary, Symbol: at.symbol, Offset: at.offset + at.address, Return: ret}), nil
	}
	paths, err := host.Binaries(at.binary, opt.PID)
	if err != nil {
		return nil, bad(p, codeTarget, "%v", err)
	}
	var targets []check.Target
	var warning *source.Diagnostic
	for _, path := range paths {
		found, d := userTargets(p, host, opt, path, at)
		if d != nil && len(paths) == 1 {
			return nil, d
		}
		if ret && len(found) > 0 && movesStacks(host, path) {
			warning = source.Warningf(p.Node.Span(), codeHost, "%s is a Go program: it crashes when it moves a stack that a traced return is on", path).
				WithHint("uprobes at the function's RET instructions (uprobe:binary:function+offset) are safe")
		}
		for i := range found {
			m := found[i].Data.(plan.Uprobe)
			m.Return, m.PID = ret, opt.PID
			found[i].Data = m
		}
		targets = append(targets, found...)
	}
	return targets, warning
}

// movesStacks tells whether a program is one that copies its stacks elsewhere when they
// grow, and reads the return addresses on them: where the kernel has put its own in their
// place, Go's runtime gives up.
func movesStacks(host check.Host, path string) bool {
	symbols, err := host.BinarySymbols(path)
	return err == nil && slices.ContainsFunc(symbols, func(s check.BinarySymbol) bool { return s.Name == "runtime.copystack" })
}

func oneUser(p *check.Point, m plan.Uprobe) []check.Target {
	return []check.Target{{Point: p, Name: p.Provider.Name + ":" + joined(p.Parts), Func: m.Symbol, Data: m}}
}

// userTargets finds the places in one file.
func userTargets(p *check.Point, host check.Host, opt *check.Options, path string, at userTarget) ([]check.Target, *source.Diagnostic) {
	name := p.Provider.Name + ":" + path + ":"
	if at.symbol == "" {
		offset, err := host.BinaryOffset(path, at.address)
		if err != nil {
			return nil, bad(p, codeTarget, "%v", err)
		}
		if !opt.Unsafe && !inFunction(host, path, at.address) {
			return nil, bad(p, codeTarget, "Could not resolve address: %s:%#x", path, at.address).
				WithHint("it lies in no function that the file names; what is no instruction's first byte must not be probed: --unsafe does it nevertheless")
		}
		return []check.Target{{
			Point: p, Name: name + p.Parts[1],
			Data: plan.Uprobe{Path: path, Offset: offset},
		}}, nil
	}
	symbols, err := host.BinarySymbols(path)
	if err != nil {
		return nil, bad(p, codeTarget, "%v", err)
	}
	var targets []check.Target
	seen := map[uint64]bool{}
	for _, s := range symbols {
		if !s.Func || !match(at.symbol, s.Name) || seen[s.Offset] {
			continue
		}
		if at.offset > 0 && s.Size > 0 && at.offset >= s.Size {
			return nil, bad(p, codeTarget, "Offset outside the function bounds ('%s' size is %d)", s.Name, s.Size).
				WithHint("the last byte is at +%d", s.Size-1)
		}
		seen[s.Offset] = true
		full := name + s.Name
		if at.offset > 0 {
			full += "+" + strconv.FormatUint(at.offset, 10)
		}
		targets = append(targets, check.Target{
			Point: p, Name: full, Func: s.Name,
			Data: plan.Uprobe{Path: path, Symbol: s.Name, Offset: s.Offset + at.offset},
		})
	}
	return targets, nil
}

// inFunction tells whether an address lies in a function that the file's symbols tell of.
func inFunction(host check.Host, path string, address uint64) bool {
	symbols, err := host.BinarySymbols(path)
	return err == nil && slices.ContainsFunc(symbols, func(s check.BinarySymbol) bool {
		return s.Func && s.Address <= address && (address-s.Address < s.Size || address == s.Address)
	})
}

func userContext(t *check.Target, ret bool) *check.Context {
	ctx := &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgKprobe,
		Layout:   check.ArgsRegs,
		NumArgs:  -1,
		Regs:     true,
		Space:    types.User,
		User:     true,
	}
	if ret {
		ctx.NumArgs, ctx.Layout = 0, check.ArgsNone
		ctx.Retval = types.Uint64
	}
	return ctx
}

func listUser(host check.Host, provider string, parts []string, pid int) ([]string, error) {
	binary, glob := "*", "*"
	if len(parts) > 0 {
		binary = parts[0]
	}
	if len(parts) > 1 {
		glob = parts[1]
	}
	if binary == "*" && glob == "*" && pid == 0 {
		return nil, nil // listing every function of the machine helps nobody
	}
	paths, err := host.Binaries(binary, pid)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, path := range paths {
		symbols, err := host.BinarySymbols(path)
		if err != nil && len(paths) > 1 {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, s := range symbols {
			if s.Func && match(glob, s.Name) {
				found = append(found, provider+":"+path+":"+s.Name)
			}
		}
	}
	return found, nil
}
