import Testing
import Transcription

struct HelperPaceTests {
    @Test func `the first batch may be slow, later ones are measured by what was seen`() {
        var pace = HelperPace()
        #expect(pace.limit(forAudio: 240) == .seconds(2400))
        pace.record(audio: 200, took: .seconds(10))
        #expect(pace.limit(forAudio: 240) == .seconds(120))
        pace.record(audio: 200, took: .seconds(20))
        pace.record(audio: 200, took: .seconds(2))
        #expect(pace.limit(forAudio: 240) == .seconds(240))
    }

    @Test func `no batch is cut off within a minute, and none gets more than the first`() {
        var pace = HelperPace()
        pace.record(audio: 100, took: .seconds(1))
        #expect(pace.limit(forAudio: 30) == .seconds(60))
        pace.record(audio: 1, took: .seconds(50))
        #expect(pace.limit(forAudio: 100) == .seconds(1000))
        pace.record(audio: 0, took: .seconds(50))
        #expect(pace.limit(forAudio: 100) == .seconds(1000))
    }
}

struct LogLinesTests {
    private func lines(_ pieces: [String]) -> [String] {
        var lines = LogLines()
        var found = pieces.flatMap { piece in Array(piece.utf8).withUnsafeBytes { lines.append($0) } }
        if let rest = lines.finish() { found.append(rest) }
        return found
    }

    @Test(arguments: [
        (["one\ntwo\n"], ["one", "two"]),
        (["on", "e\nt", "wo"], ["one", "two"]),
        (["10 %\r20 %\r"], ["10 %", "20 %"]),
        (["\n\n  \n"], []),
        (["\u{1B}[31mred\u{7}\n"], ["[31mred"]),
    ])
    func `output comes out as lines`(pieces: [String], expected: [String]) {
        #expect(self.lines(pieces) == expected)
    }

    @Test func `a line without an end does not grow`() {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(self.lines([long, long, "\nnext\n"]).map(\.count) == [LogLines.maximumLength, 4])
    }
}
