import Testing
import Transcription

@Suite struct WordDifferenceTests {
    static let pairs: [(said: String, heard: String, rate: Double)] = [
        ("", "", 0), ("", "a word", .infinity), ("...", "", 0), ("one two", "", 1),
        ("one two three four", "one two three four", 0),
        ("one two three four", "one too three four", 0.25),
        ("one two three four", "one three four", 0.25),
        ("one two three four", "one two two three four", 0.25),
        ("one two three four", "four three two one", 1),
        ("one two", "a b c d", 2),
        ("one two three four", "two three four", 0.25),
        // Neither case nor signs count, nor how an apostrophe is written.
        ("Don’t stop, believing!", "dont stop believing", 0), ("don't", "don’t", 0),
        ("’tis 12 o'clock", "tis 12 oclock", 0), ("well-known", "well known", 0), ("Straße", "straße", 0),
        ("' a '", "a", 0),
    ]

    @Test(arguments: Self.pairs) func `words that are wrong, missing or too many are counted`(
        said: String, heard: String, rate: Double
    ) {
        #expect(WordDifference.rate(said: said, heard: heard) == rate)
    }

    @Test func `words are what is between signs`() {
        #expect(
            WordDifference.words(of: " It’s 10 o'clock — Čeština, naïve; x_y ") == [
                "its", "10", "oclock", "čeština", "naïve", "x", "y",
            ])
    }
}
