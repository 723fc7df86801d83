import CastTestSupport
import Foundation
import Testing
import Transcription

/// What a smoke test holds against a machine.
struct SmokeTestTests {
    private static let said = "one two three four five six seven eight nine ten"

    private func test(_ change: (inout SmokeTest.Settings) -> Void = { _ in }) -> SmokeTest {
        var settings = SmokeTest.Settings(model: "parakeet-tdt-0.6b-v3")
        change(&settings)
        return SmokeTest(settings)
    }

    /// A report of a machine that hears all ten words, at ten times real time.
    private func report(
        device: String? = "cuda", heard: String = Self.said, seconds: Double = 1,
        _ change: (inout SmokeReport) -> Void = { _ in }
    ) -> SmokeReport {
        var report = SmokeReport(model: "parakeet-tdt-0.6b-v3")
        report.engine = "nemo 2.5.3"
        report.device = device
        report.loadSeconds = 12
        report.clip = .init(
            said: Self.said, heard: heard, audioSeconds: 10, seconds: seconds,
            wordErrorRate: WordDifference.rate(said: Self.said, heard: heard))
        change(&report)
        return report
    }

    @Test func `what is in order has no faults`() {
        #expect(self.test().faults(of: self.report()) == [])
        #expect(self.test { $0.device = "cuda" }.faults(of: self.report()) == [])
        #expect(self.test().faults(of: self.report { $0.clip = nil }) == [])
    }

    @Test func `a device that is not the one that was asked for is a fault`() {
        let test = self.test { $0.device = "cuda" }
        #expect(
            test.faults(of: self.report(device: "cpu", seconds: 2))
                == ["The recogniser computes on cpu, not on cuda."])
        #expect(
            test.faults(of: self.report(device: nil, seconds: 2))
                == ["The recogniser computes on an unknown device, not on cuda."])
        #expect(self.test().faults(of: self.report(device: "cpu")) == [])
    }

    @Test func `words in silence are a fault`() {
        #expect(
            self.test().faults(of: self.report { $0.wordsInSilence = ["thank", "you"] })
                == ["Words were heard in silence: “thank you”."])
    }

    @Test(arguments: [(2, true), (3, false)])
    func `a fifth of the words may be wrong`(wrong: Int, isFine: Bool) {
        let words = Self.said.split(separator: " ").enumerated().map { $0.offset < wrong ? "noise" : "\($0.element)" }
        let faults = self.test().faults(of: self.report(heard: words.joined(separator: " ")))
        #expect(faults.isEmpty == isFine)
        if !isFine {
            #expect(faults[0].hasPrefix("30 % of the words are wrong: “noise noise noise four") && faults.count == 1)
        }
    }

    @Test func `nothing heard, and far too much heard, are wrong, and are told in bounds`() {
        #expect(self.test().faults(of: self.report(heard: ""))[0].hasPrefix("100 % of the words are wrong"))
        let flood = self.test().faults(of: self.report(heard: String(repeating: "la ", count: 10_000)))[0]
        #expect(flood.hasPrefix("100 % of the words are wrong") && flood.count < 700)
    }

    @Test(
        arguments: [
            // Ten seconds of audio in so many; a floor of three times on a GPU, of a tenth elsewhere.
            ("cuda", 3.3, nil, true), ("cuda", 3.4, nil, false), ("cpu", 99, nil, true), ("cpu", 101, nil, false),
            (nil, 99, nil, true), ("cuda", 3.4, 2.0, true), ("cpu", 11, 1.0, false), ("cuda", 0, nil, false),
        ] as [(String?, Double, Double?, Bool)])
    func `what is too slow is a fault`(device: String?, seconds: Double, floor: Double?, isFine: Bool) {
        let faults = self.test { $0.floor = floor }.faults(of: self.report(device: device, seconds: seconds))
        #expect(faults.isEmpty == isFine, "\(faults)")
        if !isFine { #expect(faults[0].hasPrefix("It is too slow: ")) }
    }

    @Test func `all faults are told, in order`() {
        let faults = self.test { $0.device = "cuda" }.faults(
            of: self.report(device: "cpu", heard: "", seconds: 1000) { $0.wordsInSilence = ["you"] })
        #expect(faults.count == 4)
        #expect(faults.last == "It is too slow: 0.0 seconds of audio a second, and 0.1 are the least.")
    }

    @Test func `a report says in a line what came of it`() {
        #expect(
            self.report().summary
                == "smoke test passed: parakeet-tdt-0.6b-v3 with nemo 2.5.3 on cuda, ready after 12 s, "
                + "10 s of audio a second, 0 % of the words wrong")
        #expect(self.report { $0.clip = nil }.summary.hasSuffix(", silence only, there is no clip"))
        #expect(self.report { $0.failures = ["A.", "B."] }.summary == "smoke test failed: A. B.")
    }

    @Test func `a report can be read by a program, also when everything is wrong`() throws {
        let report = self.report { $0.clip?.wordErrorRate = .infinity }
        let fields = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        #expect(fields["passed"] as? Bool == true)
        #expect((fields["clip"] as? [String: Any])?["speed"] as? Double == 10)
        #expect((fields["clip"] as? [String: Any])?["word_error_rate"] as? Double == 1000)
    }
}

struct WordDifferenceTests {
    @Test(
        arguments: [
            ("one two three", "one two three", 0), ("One, two: THREE!", "one two three", 0),
            ("it’s don't", "its dont", 0), ("one two three four", "one two four", 0.25),
            ("one two three four", "one two x three four", 0.25), ("one two three four", "one 2 three four", 0.25),
            ("one two", "", 1), ("", "", 0), ("one", "a b c", 3), ("Ärger über Öl", "ärger über öl", 0),
            ("a b c d", "b c d a", 0.5),
        ] as [(String, String, Double)])
    func `missing, wrong and additional words count once each`(said: String, heard: String, rate: Double) {
        #expect(WordDifference.rate(said: said, heard: heard) == rate)
    }

    @Test func `of nothing said, anything heard is infinitely wrong`() {
        #expect(WordDifference.rate(said: " … ", heard: "thank you") == .infinity)
    }
}
