package parse

import "github.com/alecthomas/participle/v2/lexer"

// Token types. What a word or a sign means depends on where it stands, so the
// scanner settles it and the grammar stays LL(1): an attach point is one Point,
// the slashes round a predicate are not the division sign, and the first token
// of an assignment is a Target.
const (
	tokEOF lexer.TokenType = lexer.EOF - iota
	tokSpace
	tokCText
	tokPoint
	tokTrailing
	tokPredOpen
	tokPredClose
	tokKeyword
	tokIdent
	tokValue
	tokInt
	tokString
	tokBool
	tokParam
	tokVar
	tokMap
	tokTarget
	tokBlank
	tokOp
	tokAssignOp
	tokEnd
	tokBad
)

// symbols gives the types the names that the grammar in package ast uses.
var symbols = map[string]lexer.TokenType{
	"EOF":       tokEOF,
	"Space":     tokSpace,     // white space and comments between two tokens; elided
	"CText":     tokCText,     // C definition or preprocessor line
	"Point":     tokPoint,     // one attach point, as written
	"Trailing":  tokTrailing,  // comma after the last attach point
	"PredOpen":  tokPredOpen,  // '/' before a predicate
	"PredClose": tokPredClose, // '/' after it
	"Keyword":   tokKeyword,
	"Ident":     tokIdent,
	"Value":     tokValue, // name that Options.IsValue claims
	"Int":       tokInt,
	"String":    tokString, // with quotes and escapes
	"Bool":      tokBool,
	"Param":     tokParam,    // $1, $#
	"Var":       tokVar,      // $name
	"Map":       tokMap,      // @name
	"Target":    tokTarget,   // Var or Map that begins an assignment
	"Blank":     tokBlank,    // _ that begins a discard
	"Op":        tokOp,       // every other sign
	"AssignOp":  tokAssignOp, // = += …
	"End":       tokEnd,      // empty, before the '}' of a block
	"Bad":       tokBad,      // what the scanner has already complained about
}

// keywords are words that are never names in a body. config, import and macro
// are keywords only where their declarations can stand.
var keywords = map[string]bool{
	"break": true, "comptime": true, "continue": true, "else": true, "for": true, "if": true,
	"let": true, "offsetof": true, "return": true, "sizeof": true, "typeinfo": true,
	"typeof": true, "unroll": true, "while": true,
}

// operators of a body, longest first for each first byte. The value tells
// whether the sign assigns.
var operators = map[byte][]operator{
	'+': {{"++", false}, {"+=", true}, {"+", false}},
	'-': {{"--", false}, {"->", false}, {"-=", true}, {"-", false}},
	'*': {{"*=", true}, {"*", false}},
	'/': {{"/=", true}, {"/", false}},
	'%': {{"%=", true}, {"%", false}},
	'&': {{"&&", false}, {"&=", true}, {"&", false}},
	'|': {{"||", false}, {"|=", true}, {"|", false}},
	'^': {{"^=", true}, {"^", false}},
	'<': {{"<<=", true}, {"<<", false}, {"<=", false}, {"<", false}},
	'>': {{">>=", true}, {">>", false}, {">=", false}, {">", false}},
	'=': {{"==", false}, {"=", true}},
	'!': {{"!=", false}, {"!", false}},
	'.': {{"..", false}, {".", false}},
	'~': {{"~", false}},
	'?': {{"?", false}},
	':': {{":", false}},
	',': {{",", false}},
	';': {{";", false}},
}

type operator struct {
	text    string
	assigns bool
}

func isWordStart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool { return isWordStart(c) || isDigit(c) }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
