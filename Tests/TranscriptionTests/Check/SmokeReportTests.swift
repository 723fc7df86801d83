import Foundation
import Testing

@testable import Transcription

@Suite struct SmokeReportTests {
    typealias Rules = SmokeTestRuleTests

    static let summaries: [(SmokeReport, String)] = [
        (
            Rules.report(),
            "smoke test passed: parakeet-tdt-0.6b-v3 with NeMo 2.4 on cuda, ready after 12 s, 3.0 s of audio a second, 20 % of the words wrong"
        ),
        (
            Rules.report {
                $0.clip = nil
                $0.loadSeconds = nil
                $0.engine = nil
                $0.device = nil
            }, "smoke test passed: parakeet-tdt-0.6b-v3 with an engine on ?, silence only, there is no clip"
        ),
        (Rules.report { $0.failures = ["No GPU.", "Too slow."] }, "smoke test failed: No GPU. Too slow."),
    ]

    @Test func `a report is one line for the set-up`() {
        for (report, summary) in Self.summaries { #expect(report.summary == summary) }
    }

    @Test func `and a few for people`() {
        #expect(
            Rules.report().text == """
                Model:     parakeet-tdt-0.6b-v3
                Engine:    NeMo 2.4
                Device:    cuda
                Ready:     after 12 s
                Silence:   no words, as it should be
                Said:      one two three four five
                Heard:     one two three four six
                Wrong:     20 % of the words
                Speed:     3.0 s of audio a second
                Passed.
                """)
        let silent = Rules.report {
            $0.clip = nil
            $0.wordsInSilence = ["Thank", "you"]
        }
        #expect(silent.text.contains("Silence:   “Thank you”\n"))
        #expect(
            silent.text.contains("Clip:      none, so only silence was tested (--clip FILE --expect WORDS)\nPassed."))
        var broken = SmokeReport(model: "base")
        broken.failures = ["No engine.", "No model."]
        #expect(
            broken.text == """
                Model:     base
                Engine:    –
                Device:    –
                Ready:     –
                FAILED:    No engine.
                FAILED:    No model.
                """)
    }

    @Test func `as JSON it says as much, with numbers that JSON has`() throws {
        let endless = Rules.report {
            $0.clip?.wordErrorRate = .infinity
            $0.failures = ["No."]
        }
        let fields = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(endless)) as? [String: Any])
        #expect(fields["passed"] as? Bool == false && fields["summary"] as? String == "smoke test failed: No.")
        #expect(fields["model"] as? String == "parakeet-tdt-0.6b-v3" && fields["device"] as? String == "cuda")
        #expect(fields["load_seconds"] as? Double == 12.34 && fields["failures"] as? [String] == ["No."])
        #expect(fields["engine"] as? String == "NeMo 2.4" && fields["words_in_silence"] as? [String] == [])
        let clip = try #require(fields["clip"] as? [String: Any])
        #expect(clip["word_error_rate"] as? Double == 1000 && clip["speed"] as? Double == 3)
        #expect(clip["audio_seconds"] as? Double == 30 && clip["seconds"] as? Double == 10)
        let report = Rules.report()
        #expect(try JSONDecoder().decode(SmokeReport.self, from: JSONEncoder().encode(report)) == report)
    }

    static let numbers: [(Double, String)] = [
        (0, "0.0"), (0.04, "0.0"), (0.06, "0.1"), (9.94, "9.9"), (9.99, "10.0"), (10, "10"), (1234.5, "1234"),
        (1235.5, "1236"),
    ]

    @Test(arguments: Self.numbers) func `numbers are short, in any country`(value: Double, text: String) {
        #expect(SmokeReport.number(value) == text)
    }

    @Test(arguments: [(0.0, 0), (0.004, 0), (0.2051, 21), (0.999, 100), (1.7, 100), (.infinity, 100)])
    func `never more than all words are wrong`(rate: Double, percent: Int) {
        #expect(Rules.clip { $0.wordErrorRate = rate }.percentWrong == percent)
    }
}
