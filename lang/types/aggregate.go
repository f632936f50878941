package types

// Scaler is a type whose values can be shown divided by a number, as print's
// third argument asks for.
type Scaler interface {
	Renderer
	// Scaled gives a type of the same layout that shows the same values divided by
	// div, which is not 0.
	Scaled(div uint64) Renderer
}

// Aligner is a type whose values are shown by a scale that the elements of a map have in
// common.
type Aligner interface {
	Renderer
	// Aligned gives a type of the same layout that shows values by the scale of all.
	Aligned(all [][]byte) Renderer
}

// MapValue is a type that, as the value type of a map, is shown in a way of its
// own.
type MapValue interface {
	Renderer
	// Kind names the JSON record that such a map is written as ("hist"); other
	// types' maps are "map".
	Kind() string
	// Block tells that the text is whole lines, to stand below the key.
	Block() bool
}
