// Command bench measures probe tools side by side: what starting costs, how much
// memory a run takes, how many instructions a script becomes, and what a run of
// its program costs the traced process.
//
//	bench TOOL [TOOL ...]
//
// Each TOOL is a binary that takes -e SCRIPT. A bpftrace found by PATH is measured
// too. Runs take turns, and medians are printed with their ratio to the first tool:
// a machine's speed drifts, ratios hold. Every measurement is made once for each tool, and
// repeated as long as its share of the time allows. Needs root.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 15, "runs of each measurement, at most")
	limit := flag.Duration("time", 3*time.Minute, "time to spend on all measurements, about")
	only := flag.String("only", "", "measure only scripts whose name contains this")
	flag.Parse()
	tools := flag.Args()
	if path, err := exec.LookPath("bpftrace"); err == nil && !slices.Contains(tools, path) {
		tools = append(tools, path)
	}
	if len(tools) == 0 || os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "usage, as root: bench TOOL [TOOL ...]")
		os.Exit(2)
	}
	b := &bench{tools: tools, rounds: *rounds}
	b.starting, b.running = chosen(startupScripts, *only), chosen(programScripts, *only)
	b.share = *limit / time.Duration(max(1, len(b.starting)+len(b.running)))
	b.sizes()
	b.startup()
	b.programs()
	b.print()
}

// bench collects figures: rows of one value a tool.
type bench struct {
	tools  []string
	rounds int
	share  time.Duration // of the time, for one script
	// starting are measured from exec to exit, running by what their programs cost.
	starting, running []script
	rows              []row
}

type script struct{ name, text string }

func chosen(all []script, word string) []script {
	return slices.DeleteFunc(slices.Clone(all), func(s script) bool { return !strings.Contains(s.name, word) })
}

// repeat calls f for each round that there is time for, the first in any case.
func (b *bench) repeat(f func()) {
	for n, end := 0, time.Now().Add(b.share); n < b.rounds && (n == 0 || time.Now().Before(end)); n++ {
		f()
	}
}

type row struct {
	what, unit string
	values     []float64 // by tool; negative: could not be measured
	why        []string
}

func (b *bench) add(what, unit string, values []float64, why []string) {
	b.rows = append(b.rows, row{what, unit, values, why})
}

func (b *bench) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\t")
	for i, t := range b.tools {
		fmt.Fprintf(w, "%s\t", filepath.Base(t))
		if i > 0 {
			fmt.Fprint(w, "ratio\t")
		}
	}
	fmt.Fprintln(w)
	for _, r := range b.rows {
		fmt.Fprintf(w, "%s (%s)\t", r.what, r.unit)
		for i, v := range r.values {
			if v < 0 {
				fmt.Fprintf(w, "n/a (%s)\t", r.why[i])
			} else {
				fmt.Fprintf(w, "%.4g\t", v)
			}
			if i > 0 {
				if v < 0 || r.values[0] <= 0 {
					fmt.Fprint(w, "\t")
				} else {
					fmt.Fprintf(w, "%.1fx\t", v/r.values[0])
				}
			}
		}
		fmt.Fprintln(w)
	}
	w.Flush()
}

func (b *bench) sizes() {
	values := make([]float64, len(b.tools))
	for i, t := range b.tools {
		st, err := os.Stat(t)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		values[i] = float64(st.Size()) / (1 << 20)
	}
	b.add("size of the binary", "MiB", values, make([]string, len(values)))
}

const latencyScript = `tracepoint:raw_syscalls:sys_enter { @s[tid] = nsecs; }
tracepoint:raw_syscalls:sys_exit /@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }`

// startupScripts are run from exec to exit; exit is on the script's side.
var startupScripts = []script{
	{"begin { exit(); }", "BEGIN { exit(); }"},
	{"one tracepoint", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"},
	{"one tracepoint, by comm", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"},
	{"latency histogram", latencyScript},
	// A part of the 360: tools that let the kernel detach one after another, at 65 ms
	// each, would need half a minute for all.
	{"the sys_enter_g* tracepoints", "tracepoint:syscalls:sys_enter_g* { @ = count(); }"},
}

// limit is how long a tool may take to attach, and to stop; most take far less.
const limit = 20 * time.Second

func (b *bench) startup() {
	for _, s := range b.starting {
		attached := b.samples()
		stopped := b.samples()
		wall := b.samples()
		memory := b.samples()
		why := make([]string, len(b.tools))
		b.repeat(func() {
			for i, t := range b.tools {
				r, err := runOnce(t, s.text, limit)
				if err != nil {
					why[i] = err.Error()
					continue
				}
				attached[i] = append(attached[i], ms(r.attached))
				stopped[i] = append(stopped[i], ms(r.stopped))
				wall[i] = append(wall[i], ms(r.wall))
				memory[i] = append(memory[i], float64(r.maxRSS)/(1<<20))
			}
		})
		if s.name == startupScripts[0].name {
			b.add(s.name+": exec to exit", "ms", medians(wall), why)
		} else {
			b.add(s.name+": exec to attached", "ms", medians(attached), why)
			b.add(s.name+": interrupt to exit", "ms", medians(stopped), why)
		}
		b.add(s.name+": peak memory", "MiB", medians(memory), why)
	}
}

func (b *bench) samples() [][]float64 { return make([][]float64, len(b.tools)) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// medians gives -1 where there is no sample.
func medians(samples [][]float64) []float64 {
	m := make([]float64, len(samples))
	for i, s := range samples {
		m[i] = -1
		if len(s) > 0 {
			slices.Sort(s)
			m[i] = s[len(s)/2]
		}
	}
	return m
}
