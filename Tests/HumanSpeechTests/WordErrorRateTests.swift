import HumanSpeech
import Testing

@Suite struct `The word error rate` {
    @Test func `is zero for the same words in another dress`() {
        let result = WordErrorRate.measure(
            reference: "Press 1, if you'd like to re-enter it.", hypothesis: "press one if you would like to reenter it"
        )
        #expect(result.changes.isEmpty)
        #expect(result.words == 9)
        #expect(result.rate == 0)
    }

    @Test func `counts each kind of error`() {
        let result = WordErrorRate.measure(
            reference: "please enter your number now", hypothesis: "please enter a number right now friend")
        #expect(result.substitutions == 1)
        #expect(result.insertions == 2)
        #expect(result.deletions == 0)
        #expect(result.rate == 3.0 / 5)
        #expect(
            result.changes == [
                .substitution(said: "your", heard: "a"), .insertion(heard: "right"), .insertion(heard: "friend"),
            ])
    }

    @Test func `counts what was not heard`() {
        let result = WordErrorRate.measure(reference: "one two three four", hypothesis: "one four")
        #expect(result.changes == [.deletion(said: "two"), .deletion(said: "three")])
        #expect(result.rate == 0.5)
    }

    @Test func `is whole for silence, and without bound for words out of nothing`() {
        #expect(WordErrorRate.measure(reference: "one two", hypothesis: "").rate == 1)
        #expect(WordErrorRate.measure(reference: "", hypothesis: "one").rate == .infinity)
        #expect(WordErrorRate.measure(reference: "", hypothesis: "").rate == 0)
    }

    @Test func `of several texts weighs them by their words`() {
        let total = WordErrorRate.total([
            .measure(reference: "one two three", hypothesis: "one two three"),
            .measure(reference: "four", hypothesis: "five"),
        ])
        #expect(total.words == 4)
        #expect(total.rate == 0.25)
    }

    @Test(arguments: 1...20) func `is never above the cost of a plain alignment`(seed: Int) {
        // A text of which some words were dropped, doubled or replaced needs no more changes than were made.
        var generator = SeededGenerator(seed: UInt64(seed))
        let said = (0..<60).map { _ in "w\(generator.next() % 9)" }
        var made = 0
        let heard = said.flatMap { word -> [String] in
            let roll = generator.next() % 10
            if roll > 2 { return [word] }
            made += 1
            return [[], [word, "extra"], ["other"]][Int(roll)]
        }
        let result = WordErrorRate.measure(reference: said, hypothesis: heard)
        #expect(result.changes.count <= made)
        #expect(said.count - result.deletions + result.insertions == heard.count)
    }
}
