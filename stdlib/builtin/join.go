package builtin

import (
	"bytes"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// join takes so many strings, of so many bytes each, NUL included; together they
// have the room for the longest string and joinRoom bytes before it.
const (
	joinStrings = 32
	joinString  = 1024
	joinRoom    = 4096
)

// joinType is what travels: the strings, one behind the other with their NULs.
var joinType = types.Buffer{N: joinRoom + joinString}

// Join prints an array of strings.
var Join = &record.Builtin{
	Func: check.Func{
		Name:  "join",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "strings", Kind: check.PtrArg}, {Name: "separator", Kind: check.ConstStringArg}},
			Optional: 1,
			Result:   types.Void{},
		}},
		Check: optionalText(1, " "),
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		array, space := b.Address(c.Args[0])
		b.Emit(c.Func.Name, c.Data, false, lower.ArgInto(joinType, func(dst lower.Place) {
			readStrings(b, space, array, dst)
		}))
		return nil
	}},
	Handle: func(s event.Session, ev *plan.Event, payload []byte) {
		data := bytes.TrimSuffix(joinType.Bytes(payload), []byte{0})
		text := s.Out().Scratch()
		for i, part := range bytes.Split(data, []byte{0}) {
			if i > 0 {
				text = append(text, ev.Data.(string)...)
			}
			text = types.AppendSafe(text, part, s.Env())
		}
		s.Out().Line(ev.Action, text)
	},
	Doc: `Prints the strings that an array of pointers points to, up to the first null pointer.
Between them stands a space, or the separator. Up to 32 strings are taken, of up to
1023 bytes each.`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_execve { join(args.argv); }`},
		{Script: `tracepoint:syscalls:sys_enter_execve { join(args.argv, ","); }`},
	},
}

// readStrings copies strings to a buffer until there is no further one, or no
// room. Every path through a round leaves a length in the same range, so that the
// verifier need not follow all their combinations.
func readStrings(b *lower.Builder, space types.Space, array *ssa.Value, dst lower.Place) {
	base := b.Addr(dst.At(bufHeader, types.Array{Elem: types.Uint8, N: joinType.N}))
	pointer, length, done := b.Temp(types.Uint64), b.Temp(types.Uint64), b.Temp(types.Uint64)
	b.Set(length, b.Const(0))
	b.Set(done, b.Const(0))
	room := base.Type
	room.Size = joinString
	read := ssa.HelperReadKernelStr
	if space == types.User {
		read = ssa.HelperReadUserStr
	}
	round := func(i *ssa.Value) {
		b.Read(space, pointer, b.Bin(ssa.OpAdd, array, b.Bin(ssa.OpLsh, i, b.Const(3))))
		from := b.Get(pointer)
		n := b.Get(length)
		b.If(ssa.EQ, from, b.Const(0), func() { b.Set(done, b.Const(1)) }, func() {
			b.If(ssa.UGT, n, b.Const(joinRoom), func() { b.Set(done, b.Const(1)) }, func() {
				got := b.Call(read, b.Value(ssa.OpAddPtrVar, room, 0, base, n), b.Const(joinString), from)
				failed := b.Bin(ssa.OpArsh, got, b.Const(63))
				got = b.Bin(ssa.OpAnd, got, b.Bin(ssa.OpXor, failed, b.Const(-1)))
				b.Set(length, b.Bin(ssa.OpAnd, b.Bin(ssa.OpAdd, n, got), b.Const(joinMask)))
			})
		})
	}
	b.Repeat(joinStrings, func(i *ssa.Value) {
		b.If(ssa.EQ, b.Get(done), b.Const(0), func() { round(i) }, nil)
	})
	b.Set(dst.At(0, types.Uint32), b.Get(length))
}

// joinMask bounds the length from above, without changing it.
const joinMask = 1<<13 - 1
