package check

import "sonde/lang/source"

// Mode is what a script is run for, which chooses the probes that run.
type Mode uint8

const (
	// Tracing is the usual mode.
	Tracing Mode = iota
	// Testing runs probes that check something and tell by their result.
	Testing
	// Benchmarking runs probes again and again to measure them.
	Benchmarking
)

// selected tells whether an instance runs in the mode that was asked for. When
// nothing runs at all, everything is shown.
func (c *checker) selected(in *Instance) bool {
	p := in.Context.Provider
	return c.opt.Offline || p == nil || p.Edge || p.Mode == c.opt.Mode
}

// nothingSelected reports a script that has nothing to run in this mode.
func (c *checker) nothingSelected() {
	for _, b := range c.bodies {
		if p := b.inst.Context.Provider; p != nil && p.Mode != c.opt.Mode && !b.blind {
			d := c.errorf(b.inst.Probe, NothingSelected, "No probes attached")
			if p.Mode == Tracing {
				d.WithHint("there is nothing to test or measure in this script")
			} else {
				d.Msg += "; use --" + p.Name + " to run " + p.Name + " probes."
			}
			return
		}
	}
}

// unique checks that providers which want it have one probe of each name.
func (c *checker) unique() {
	first := map[string]source.Span{}
	for _, b := range c.bodies {
		for _, t := range b.inst.Targets {
			if !t.Point.Provider.Unique {
				continue
			}
			if at, again := first[t.Name]; again {
				c.errorf(t.Point.Node, InvalidProbe, "\"%s\" was used as the name for more than one %s probe", t.Func, t.Point.Provider.Name).
					WithNote(at, "this is the other instance")
				continue
			}
			first[t.Name] = t.Point.Node.Span()
		}
	}
}
