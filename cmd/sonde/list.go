package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib"
	"sonde/stdlib/record"
)

// listPattern lists what matches -l's pattern: probes, or the definition of a
// struct, union or enum.
func listPattern(a *arguments) int {
	l := newLister(os.Stdout, newHost(a), a.verbose, a.pid)
	defer l.out.Flush()
	search := a.search
	if search == "" {
		search = "*"
	}
	if strings.Contains(search, ".") && !strings.ContainsAny(search, ":*") {
		fmt.Fprintf(os.Stderr, "WARNING: It appears that '%[1]s' is a filename but the file does not exist. Treating '%[1]s' as a search pattern.\n", search)
	}
	status := 0
	for pattern := range strings.SplitSeq(search, ",") {
		if err := l.list(strings.TrimSpace(pattern)); err != nil {
			l.out.Flush()
			complain(err)
			status = 1
		}
	}
	return status
}

// lister writes listings.
type lister struct {
	out     *bufio.Writer
	host    check.Host
	verbose bool
	pid     int // whose probes to list, 0 for any
}

func newLister(w io.Writer, host check.Host, verbose bool, pid int) *lister {
	return &lister{out: bufio.NewWriter(w), host: host, verbose: verbose, pid: pid}
}

func (l *lister) list(pattern string) error {
	if kind, name, ok := strings.Cut(pattern, " "); ok && (kind == "struct" || kind == "union" || kind == "enum") {
		return l.definition(kind, strings.TrimSpace(name))
	}
	provider, rest, hasParts := strings.Cut(pattern, ":")
	if !hasParts {
		// A pattern without a colon is looked for in the names of all probes.
		provider, rest = "*", pattern
	}
	var failed []unlisted
	matched := false
	for _, p := range stdlib.Default().Probes() {
		if !providerMatches(p, provider) {
			continue
		}
		matched = true
		if err := l.provider(p, rest, hasParts); err != nil {
			if !strings.ContainsAny(provider, "*?[") {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			if errors.Is(err, fs.ErrNotExist) {
				continue // names of other types' targets need not be files
			}
			failed = append(failed, unlisted{p.Name, err})
		}
	}
	if !matched {
		return noProvider(provider)
	}
	warnUnlisted(failed)
	return nil
}

// noProvider says that there is no such probe type, and which there are.
func noProvider(pattern string) error {
	var names, all []string
	for _, p := range stdlib.Default().Probes() {
		names = append(names, p.Name)
		all = append(append(all, p.Name), p.Aliases...)
	}
	if near := source.Closest(pattern, all); near != "" {
		return fmt.Errorf("there is no probe type %s; did you mean %s?", pattern, near)
	}
	slices.Sort(names)
	return fmt.Errorf("there is no probe type %s; there are %s", pattern, strings.Join(names, ", "))
}

// unlisted is a probe type whose probes could not be found out.
type unlisted struct {
	provider string
	err      error
}

// warnUnlisted tells which probe types are missing from a list of all, once for each
// reason.
func warnUnlisted(failed []unlisted) {
	for i, f := range failed {
		names := []string{f.provider}
		first := true
		for j, other := range failed {
			if other.err.Error() != f.err.Error() || i == j {
				continue
			}
			first = first && i < j
			names = append(names, other.provider)
		}
		if first {
			fmt.Fprintf(os.Stderr, "WARNING: not listed: %s: %v\n", strings.Join(names, ", "), f.err)
		}
	}
}

func providerMatches(p *record.Probe, pattern string) bool {
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		if glob(strings.ToLower(pattern), name) {
			return true
		}
	}
	return false
}

func (l *lister) provider(p *record.Probe, rest string, hasParts bool) error {
	if p.List == nil {
		return nil
	}
	var parts []string
	if hasParts && rest != "" {
		parts = strings.Split(rest, ":")
	}
	names, err := p.List(l.host, parts, l.pid)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !hasParts && !glob(rest, name) && !glob(rest, name[strings.LastIndexByte(name, ':')+1:]) {
			continue
		}
		fmt.Fprintln(l.out, name)
		if l.verbose {
			l.arguments(p, name)
		}
	}
	return nil
}

// script lists what a script would attach to. Where it says how often, or when, the name is
// that of the list of probes, without. Verbosely it tells what each is attached with.
func (l *lister) script(p *check.Program, mechanisms map[string]string) {
	for _, in := range p.Instances {
		for _, target := range in.Targets {
			record := stdlib.Default().Probe(target.Point.Provider.Name)
			if record == nil || record.Edge {
				continue
			}
			name := target.Name
			parts := strings.Split(name, ":")[1:]
			if last := len(parts) - 1; last > 0 && isNumber(parts[last]) && record.List != nil {
				if names, err := record.List(l.host, parts, l.pid); err == nil && len(names) == 1 {
					name = names[0]
				}
			}
			fmt.Fprintln(l.out, name)
			if l.verbose {
				l.arguments(record, target.Name)
				if how := mechanisms[target.Name]; how != "" {
					fmt.Fprintf(l.out, "    // %s\n", how)
				}
			}
		}
	}
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 64)
	return err == nil
}

// arguments writes a probe's typed arguments below its name.
func (l *lister) arguments(p *record.Probe, name string) {
	point := &check.Point{Node: &ast.AttachPoint{Text: name}, Provider: &p.Provider, Parts: strings.Split(name, ":")[1:]}
	if p.Parse(point) != nil {
		return
	}
	targets, d := p.Expand(point, l.host, &check.Options{Offline: true})
	if d != nil || len(targets) == 0 {
		return
	}
	ctx, d := p.Context(&targets[0], l.host)
	if d != nil {
		return
	}
	fields := ctx.Args
	if p, ok := ctx.Ctx.(types.Pointer); ok && fields == nil && ctx.Program == check.ProgIter {
		fields, _ = p.Elem.(*types.Struct)
	}
	if fields != nil {
		l.members(fields, ctx.Program)
	}
	if ctx.Retval != nil {
		fmt.Fprintf(l.out, "    %s retval\n", cType(ctx.Retval))
	}
}

// members writes the members of a probe's arguments.
func (l *lister) members(record *types.Struct, program check.ProgramKind) {
	for _, f := range record.Fields() {
		inner, ok := f.Type.(*types.Struct)
		switch {
		case f.Hidden || f.Name == "meta" && program == check.ProgIter:
			// The same for every tracepoint, or iterator.
		case ok && f.Anonymous:
			l.members(inner, program)
		default:
			fmt.Fprintf(l.out, "    %s\n", declaration(f))
		}
	}
}

// kernelModule is what the kernel proper is called where a module could stand.
const kernelModule = "vmlinux"

// definition writes a kernel type as C declares it.
func (l *lister) definition(kind, name string) error {
	btf := l.host.BTF()
	if btf == nil {
		return errors.New("this kernel has no BTF, so its types are not known")
	}
	found := false
	for _, n := range btf.Names(kind) {
		if !glob(name, n) {
			continue
		}
		found = true
		d, declares := btf.(types.Declarer)
		if !l.verbose || !declares {
			fmt.Fprintln(l.out, kind, n)
			continue
		}
		fmt.Fprintf(l.out, "%s: %s;\n\n", kernelModule, d.Declare(kind, n))
	}
	if !found {
		return fmt.Errorf("the kernel has no %s that matches %q", kind, name)
	}
	return nil
}

// declaration writes a member as C does, more or less: type, then name.
func declaration(f types.Field) string {
	if f.Decl != "" {
		return f.Decl
	}
	text := cType(f.Type) + " " + f.Name
	if a, ok := f.Type.(types.Array); ok {
		text = fmt.Sprintf("%s %s[%d]", cType(a.Elem), f.Name, a.N)
	}
	if s, ok := f.Type.(types.String); ok {
		text = fmt.Sprintf("char %s[%d]", f.Name, s.N)
	}
	if f.BitSize > 0 {
		text += fmt.Sprintf(":%d", f.BitSize)
	}
	return text
}

// cNames are the C names of the integer types.
var cNames = map[types.Type]string{
	types.Int8: "char", types.Int16: "short", types.Int32: "int", types.Int64: "long",
	types.Uint8: "unsigned char", types.Uint16: "unsigned short", types.Uint32: "unsigned int", types.Uint64: "unsigned long",
}

func cType(t types.Type) string {
	switch t := t.(type) {
	case types.Int:
		return cNames[t]
	case types.Pointer:
		inner := cType(t.Elem)
		if strings.HasSuffix(inner, "*") {
			return inner + "*"
		}
		return inner + " *"
	}
	return t.String()
}
