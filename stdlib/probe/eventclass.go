package probe

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"sonde/lang/types"
)

// What the kernel calls things of a class of trace events: the record, and the function that
// fills it in.
const (
	classRecord = "trace_event_raw_"
	classFunc   = "trace_event_raw_event_"
)

// likelyRecord finds in BTF the record of an event that shares its class with others. Which
// class that is BTF does not say. It is one whose function takes what the event passes, by
// names and types; of several, the one that is not an event itself and whose name is the
// closest. It returns nil where that leaves a doubt. It is right for all but a few of the
// kernel's events, so nothing should be traced by it, but scripts can be compiled.
func likelyRecord(btf types.BTF, event string) *types.Struct {
	passed, ok := btf.RawTracepoint(event)
	if !ok {
		return nil
	}
	best, tied := "", false
	names := btf.Names("func")
	first, _ := slices.BinarySearch(names, classFunc)
	for _, name := range names[first:] {
		class, ok := strings.CutPrefix(name, classFunc)
		if !ok {
			break
		}
		if _, single := btf.RawTracepoint(class); single {
			continue
		}
		closer := cmp.Or(cmp.Compare(commonWords(event, class), commonWords(event, best)), cmp.Compare(len(best), len(class)))
		if commonWords(event, class) == 0 || best != "" && closer < 0 {
			continue
		}
		if f, ok := btf.Func("", name); !ok || !takes(f.Params, passed.Params) {
			continue
		}
		tied = best != "" && closer == 0
		best = class
	}
	if best == "" || tied {
		return nil
	}
	return asFormat(btf.Struct("struct", classRecord+best))
}

// asFormat gives a record the members that its format file shows: no common ones, and for the
// word that tells where varying data lies, the data. Of that BTF says only where the word
// is; as good as always it is text.
func asFormat(record *types.Struct) *types.Struct {
	if record == nil {
		return nil
	}
	return types.NewStruct("struct", record.Name, record.Size(), func() []types.Field {
		var fields []types.Field
		for _, f := range record.Fields() {
			if f.Name == "ent" || f.Name == "__data" {
				continue
			}
			for prefix, relative := range locations {
				if name, ok := strings.CutPrefix(f.Name, prefix); ok {
					f.Name, f.Type, f.Dynamic, f.Relative = name, types.String{}, true, relative
				}
			}
			fields = append(fields, f)
		}
		return fields
	})
}

// locations are what the names of words begin with that tell where data lies, and whether
// they count from the word itself.
var locations = map[string]bool{"__data_loc_": false, "__rel_loc_": true}

// unnamed is what parameters are called for which BTF has no name.
var unnamed = regexp.MustCompile(`^arg\d+$`)

// takes tells whether the parameters behind the first are those of an event.
func takes(params, passed []types.Field) bool {
	return len(params) > 0 && slices.EqualFunc(params[1:], passed, func(a, b types.Field) bool {
		return (a.Name == b.Name || unnamed.MatchString(b.Name)) && types.Same(a.Type, b.Type)
	})
}

// commonWords counts the words that two names begin with alike.
func commonWords(a, b string) int {
	x, y := strings.Split(a, "_"), strings.Split(b, "_")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}
