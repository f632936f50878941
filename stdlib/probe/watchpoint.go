package probe

import (
	"slices"
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/stdlib/record"
)

// Watchpoint runs when memory is touched.
var Watchpoint = &record.Probe{
	Provider: check.Provider{
		Name:       "watchpoint",
		Aliases:    []string{"w"},
		Parse:      parseWatchpoint,
		Expand:     expandWatchpoint,
		Context:    eventContext,
		Unfiltered: true, // the processor watches for the process alone
	},
	Attach: mechanism,
	Syntax: []string{"watchpoint:address:length:mode"},
	Doc: `Runs when the processor reads, writes or executes what lies at an address.
The mode is of the letters r, w and x, as far as the processor can tell them apart:
w, rw and x on x86-64, r as well on arm64. The length is 1, 2, 4 or 8 bytes, and the
address a multiple of it (on arm64 it is enough that all bytes lie in one aligned
word of 8). Processors have about four watchpoints.

With -p or -c, it watches the threads that the process has and will have, and its
children; without, whatever any processor does at the address, as is right for the
kernel's memory.`,
	Examples: []record.Example{
		{Script: `watchpoint:0x10000000:8:rw { printf("hit by %d\n", tid); }`},
		{Script: `watchpoint:0xffffffff82a05a00:8:w { @[kstack] = count(); }`},
	},
}

// breakpointTypes are the kernel's bits for the modes: HW_BREAKPOINT_R, W and X.
var breakpointTypes = map[byte]uint32{
	'r': 1,
	'w': 2,
	'x': 4,
}

// watched is what an attach point names; mode is sorted.
type watched struct {
	at   plan.Breakpoint
	mode string
}

func parseWatchpoint(p *check.Point) *source.Diagnostic {
	if d := wantParts(p, 3, 3, "watchpoint:address:length:mode"); d != nil {
		return d
	}
	var w watched
	var err error
	if w.at.Address, err = readCount(p.Parts[0]); err != nil {
		return bad(p, codeValue, "Invalid function/address argument: %s is %v", p.Parts[0], err).
			WithHint("write it as 0x1234abcd or as a decimal number")
	}
	if w.at.Length, err = readCount(p.Parts[1]); err != nil {
		return bad(p, codeValue, "Invalid length argument: %s is %v", p.Parts[1], err)
	}
	letters := []byte(p.Parts[2])
	slices.Sort(letters)
	w.mode = string(letters)
	switch {
	case w.at.Address == 0:
		return bad(p, codeValue, "watchpoint must be attached to a non-zero address")
	case !slices.Contains([]uint64{1, 2, 4, 8}, w.at.Length):
		return bad(p, codeValue, "watchpoint length must be one of (1,2,4,8)")
	case w.mode == "" || strings.Trim(w.mode, "rwx") != "":
		return bad(p, codeValue, "watchpoint mode must be combination of (r,w,x)")
	case len(slices.Compact(letters)) < len(w.mode):
		return bad(p, codeValue, "watchpoint modes may not be duplicated")
	}
	p.Data = w
	return nil
}

func expandWatchpoint(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	w := p.Data.(watched)
	can := host.Arch().Breakpoints
	switch {
	case can == nil:
		return nil, bad(p, codeHost, "watchpoints not supported").
			WithHint("there is no known way to set them on %s", host.Arch().Name)
	case !slices.Contains(can.Modes, w.mode):
		return nil, bad(p, codeValue, "invalid watchpoint mode: %s", w.mode).
			WithHint("supported modes: %s", strings.Join(can.Modes, ","))
	case w.mode != "x" && !can.Fits(w.at.Address, w.at.Length):
		d := bad(p, codeValue, "%d bytes at %#x can not be watched", w.at.Length, w.at.Address)
		if can.Field == 0 {
			return nil, d.WithHint("the address must be a multiple of the length")
		}
		return nil, d.WithHint("all bytes must lie in one field of %d bytes whose address is a multiple of %d", can.Field, can.Field)
	}
	if step := feature.WatchpointStep; can.Before && !opt.Unsafe && !opt.Offline && !host.Features().Has(step) {
		return nil, bad(p, codeHost, "what touches the memory would hang: this kernel can not step over it").
			WithHint("it needs %s, or a stable release from September 2023 on; --unsafe does without", step.Origin())
	}
	if w.mode == "x" {
		if d := misplaced(p, host, w.at.Address); d != nil {
			return nil, d
		}
	}
	for _, c := range []byte(w.mode) {
		w.at.Type |= breakpointTypes[c]
	}
	if w.mode == "x" {
		w.at.Length = wordSize // what the kernel wants, whatever an instruction's length
	}
	if w.at.PID = opt.PID; w.at.PID == 0 {
		w.at.PID = opt.ChildPID
	}
	return []check.Target{{Point: p, Name: p.Provider.Name + ":" + joined(p.Parts), Data: w.at}}, nil
}
