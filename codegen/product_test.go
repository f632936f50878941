package codegen_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/runtime/host"
	"sonde/stdlib"
)

// productHead is what all scripts of the product begin with.
const productHead = `struct inner { unsigned char small; unsigned long wide; };
struct outer { int number; char text[40]; struct inner in; unsigned int list[4]; struct inner more[2]; struct outer *next; int low : 3; };
`

// productValues are expressions of every kind and size of type.
var productValues = []string{
	`1`, `-5`, `0xffffffffffffffff`, `true`, `(int8)pid`, `(uint16)pid`, `pid`, `(int64)tid`, `nsecs`, `"text"`, `""`, `comm`, `probe`,
	`str(arg0)`, `str(arg0, 5)`, `str(arg0, 200)`, `buf(arg0, 6)`, `buf(arg0, 100)`, `buf(arg0, arg1)`, `kstack`, `kstack(3)`, `ustack`, `ustack(perf, 5)`,
	`ksym(arg0)`, `usym(arg0)`, `ntop(arg0)`, `macaddr(arg0)`, `curtask`, `curtask.comm`, `curtask.real_parent.real_parent.comm`, `curtask.mm`,
	`curtask.se.load`, `*curtask.real_cred`, `((struct outer *)arg0).number`, `((struct outer *)arg0).text`, `((struct outer *)arg0).in`,
	`((struct outer *)arg0).list`, `((struct outer *)arg0).list[arg1]`, `((struct outer *)arg0).more[1].wide`, `((struct outer *)arg0).next.next.next.text`,
	`((struct outer *)arg0).low`, `*((struct outer *)arg0)`, `*(uint32 *)arg0`, `*(int8 **)arg0`, `(uint8[8])nsecs`, `(int32[2])nsecs`,
	`(1, 2)`, `(1, "two", (int8)3)`, `(comm, (str(arg0), (pid, comm)))`, `(a=1, b="x", c=comm)`, `((), 1)`, `()`,
	`strftime("%H", nsecs)`, `cgroup_path(cgroup)`, `username`, `@n`, `@t[1]`, `@c`, `pid == 1 ? comm : "other"`, `pid > 1 ? 1 : 2`,
	`{ $v = pid; $v + 1 }`,
}

// productRoutes are the ways on which a value comes to where it is used: VALUE and USE
// stand for both.
var productRoutes = []string{
	`USE(VALUE)`,
	`$x = VALUE; USE($x)`,
	`@x = VALUE; USE(@x)`,
	`@x[pid, comm] = VALUE; USE(@x[pid, comm])`,
	`USE((1, VALUE, "end").1)`,
	`@x[VALUE] = 1; for ($kv : @x) { USE($kv.0) }`,
	`@x[1] = (VALUE, 1); for ($kv : @x) { USE($kv.1.0) }`,
	`$x = VALUE; for ($i : 0..3) { USE($x) $x = VALUE; }`,
	`unroll (2) { USE(VALUE) }`,
	`let $x = VALUE; $i = 0; while ($i < 5) { $i++; if ($i > 3) { continue; } USE($x) }`,
}

// productUses are what is done with a value V.
var productUses = []string{
	`print(V);`, `print((V, V));`, `print((V, 1, V), 5);`, `printf("%s", V);`, `printf("%d %d %s", V, V, comm);`, `printf("%-10.5s|%x\n", V, V);`, `printf("%r", V);`,
	`@a = V;`, `@a[V] = 1;`, `@a[V, 1] = count();`, `@a[1, V, comm] = V;`, `@a[V] = V;`, `@a[V]++;`, `@a[V] += 2;`, `@a[(V, (V, 1))] = (V, V);`,
	`@a[V] = sum(nsecs); print(@a[V]);`, `@a[1] = V; delete(@a, 1); if (has_key(@a, 1)) { print(@a[1]); }`, `@a[V] = 1; delete(@a, V);`,
	`@a[V] = 1; if (has_key(@a, V)) { exit(); }`, `if (V == V) { print(1); }`, `if (V != 0 && !V) { print(V); }`, `if (V < V || pid) { print(1); }`,
	`$y = V; $z = $y; print(($y, $z));`, `$y = (V, V); @a[$y] = $y;`, `$y = cpu ? V : V; print($y);`, `for ($i : 0..V) { @a[$i] = V; }`,
	`@a[1] = V; for ($e : @a) { print($e); @b[$e.1] = $e; }`, `print(V.0);`, `print(V[0]);`, `print(V[pid]);`, `print(V.comm);`, `print(*V);`, `print(V + 1);`,
	`print(-V); print(~V); print(V << 3);`, `print(V / (V + 1)); print(V % 7);`, `print((uint8)V); print((int64)V);`, `print((V, (bool)V));`, `print((uint8[4])V);`,
	`print((struct outer *)V);`, `print(((struct outer *)V).text);`, `print(sizeof(V));`, `errorf("%s", V);`, `return V;`,
	`@a = hist(V); @c[V] = tseries(V, 1s, 9, "min");`, `@a[V] = lhist(nsecs, 0, 100, 10); @b = avg(V); @d[V] = stats(pid); @e[V] = min(V); @f = max(V);`,
}

// productProbes are the places; the first has all routes.
var productProbes = []string{
	`kprobe:vfs_read`, `begin`, `tracepoint:syscalls:sys_enter_openat`, `rawtracepoint:sched_switch`, `uprobe:/bin/sh:0x1000`, `profile:hz:9`, `interval:s:1`, `kretprobe:vfs_read`,
	`software:faults:100`, `iter:task`,
}

// withArguments are the places where functions' arguments are at hand.
var withArguments = map[string]bool{`kprobe:vfs_read`: true, `rawtracepoint:sched_switch`: true, `uprobe:/bin/sh:0x1000`: true}

// arguments gives what to try for a parameter.
func arguments(k check.ParamKind) []string {
	switch k {
	case check.MapArg:
		return []string{`@n`, `@t`, `@c`, `@h`, `@t[1]`, `@k`}
	case check.ConstIntArg:
		return []string{`2`, `0`, `16`, `100`}
	case check.ConstStringArg:
		return []string{`"%d"`, `"%s %s"`, `"SIGUSR1"`, `"text"`, `""`, `"127.0.0.1"`}
	case check.TypeArg:
		return []string{`int32`, `struct outer`, `pid`, `(1, comm)`}
	case check.NameArg:
		return []string{`perf`, `raw`, `monotonic`}
	}
	return append([]string{`arg0`, `retval`, `args`, `text`, `struct outer`, `uint64`}, productValues...)
}

// product makes scripts until yield gives false: every value, on every route, to every
// use; in every place; and every function of the library with every argument.
func product(yield func(script string) bool) {
	emit := func(probe, body string) bool {
		if !withArguments[probe] {
			body = strings.NewReplacer("arg0", "(uint64)curtask", "arg1", "(uint64)cpu").Replace(body)
		}
		// The maps that values read get their types first, elsewhere where that may be.
		maps := "@n = 1; @t[1] = comm; @c = count(); @h[1] = hist(1); @k[1, comm] = (1, comm);"
		if strings.HasPrefix(probe, "iter:") {
			return yield(productHead + probe + " { " + maps + " " + body + " }\n")
		}
		return yield(productHead + "begin { " + maps + " }\n" + probe + " { " + body + " }\n")
	}
	for p, probe := range productProbes {
		for r, route := range productRoutes {
			if p > 0 && r > 0 {
				break
			}
			for _, use := range productUses {
				for _, value := range productValues {
					at := route[strings.Index(route, "USE(")+4:]
					at = at[:strings.IndexByte(at, ')')]
					if strings.HasPrefix(at, "(") {
						at = `(1, VALUE, "end").1`
					}
					body := strings.Replace(route, "USE("+at+")", strings.ReplaceAll(use, "V", at), 1)
					if !emit(probe, strings.ReplaceAll(body, "VALUE", value)) {
						return
					}
				}
			}
		}
		for _, b := range stdlib.Default().Builtins() {
			if !functions(&b.Func, func(call string) bool { return emit(probe, call) }) {
				return
			}
		}
	}
}

// functions makes calls with every argument in turn, the others being the first of
// their kind.
func functions(f *check.Func, yield func(string) bool) bool {
	name := strings.Replace(f.Name, "argN", "arg1", 1)
	use := func(call string) bool {
		if f.Shape == check.Aggregation {
			return yield(`@r = `+call+`;`) && yield(`@r[comm] = `+call+`; print(@r); clear(@r);`)
		}
		return yield(call+`;`) && yield(`print(`+call+`);`) && yield(`@r[`+call+`] = `+call+`;`)
	}
	if len(f.Sigs) == 0 {
		return use(name)
	}
	for _, sig := range f.Sigs {
		params := sig.Params
		if sig.Variadic {
			params = append(slices.Clone(params), check.Param{}, check.Param{})
		}
		for count := len(params) - sig.Optional; count <= len(params); count++ {
			var args []string
			for _, p := range params[:count] {
				args = append(args, arguments(p.Kind)[0])
			}
			if count == 0 && !use(name+"()") {
				return false
			}
			for i := range args {
				for _, a := range arguments(params[i].Kind) {
					with := slices.Clone(args)
					with[i] = a
					if !use(fmt.Sprintf("%s(%s)", name, strings.Join(with, ", "))) {
						return false
					}
				}
			}
		}
	}
	return true
}

// both is what two machines have.
type both [2]feature.Set

// Has implements feature.Set.
func (s both) Has(f *feature.Feature) bool { return s[0].Has(f) && s[1].Has(f) }

// productHosts are this machine, as it is, as if it were older and, where all is
// asked for, without each of its features.
func productHosts(all bool) map[string]check.Host {
	here := host.New(host.Options{})
	hosts := map[string]check.Host{"here": here}
	if testing.Short() { // in virtual machines, which are slow and older themselves
		return hosts
	}
	for _, v := range []feature.Version{{Major: 6, Minor: 1}, {Major: 5, Minor: 15}, {Major: 5, Minor: 10}, {Major: 5, Minor: 8}} {
		hosts[v.String()] = host.New(host.Options{Features: both{here.Features(), feature.UpTo(v)}})
	}
	if !all {
		return hosts
	}
	for _, f := range feature.All() {
		hosts["no "+f.Name] = host.New(host.Options{Without: []string{f.Name}})
	}
	return hosts
}

// TestProduct loads what the checker accepts of all combinations of values, uses and
// places. There are so many that each run takes some, evenly spread: one in
// SONDE_PRODUCT, 1 for all.
func TestProduct(t *testing.T) {
	step := 211
	if testing.Short() {
		step = 1009
	}
	if s := os.Getenv("SONDE_PRODUCT"); s != "" {
		if _, err := fmt.Sscan(s, &step); err != nil || step < 1 {
			t.Fatalf("SONDE_PRODUCT=%s", s)
		}
	}
	root := os.Geteuid() == 0
	for name, h := range productHosts(step < 200) {
		t.Run(name, func(t *testing.T) {
			n, accepted, failures := 0, 0, 0
			product(func(script string) bool {
				if n++; n%step != 0 {
					return true
				}
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					p, ok := compile(t, "product", script, h, codegen.Options{})
					if !ok {
						return
					}
					if accepted++; root {
						verify(t, script, p)
					}
					if t.Failed() {
						failures++
					}
				})
				return failures < 200
			})
			t.Logf("%d of %d scripts are accepted", accepted, n/step)
			if accepted < n/step/4 {
				t.Error("far too few")
			}
		})
	}
}
