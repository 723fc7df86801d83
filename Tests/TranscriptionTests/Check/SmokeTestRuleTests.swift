import CastCore
import CastTestSupport
import Foundation
import Logging
import Testing

@testable import Transcription

/// When a machine's recogniser is good enough, and in which words it is told that it is not.
@Suite struct SmokeTestRuleTests {
    static func clip(_ change: (inout SmokeReport.Clip) -> Void = { _ in }) -> SmokeReport.Clip {
        var clip = SmokeReport.Clip(
            said: "one two three four five", heard: "one two three four six", audioSeconds: 30, seconds: 10,
            wordErrorRate: 0.2)
        change(&clip)
        return clip
    }

    /// A machine that just passes.
    static func report(_ change: (inout SmokeReport) -> Void = { _ in }) -> SmokeReport {
        var report = SmokeReport(model: "parakeet-tdt-0.6b-v3")
        report.engine = "NeMo 2.4"
        report.device = "cuda"
        report.loadSeconds = 12.34
        report.clip = Self.clip()
        change(&report)
        return report
    }

    static func settings(_ change: (inout SmokeTest.Settings) -> Void) -> SmokeTest.Settings {
        var settings = SmokeTest.Settings(model: "parakeet-tdt-0.6b-v3")
        change(&settings)
        return settings
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var settings: SmokeTest.Settings
        var report: SmokeReport
        var faults: [String]

        init(
            _ name: String, _ faults: [String] = [],
            with settings: SmokeTest.Settings = SmokeTest.Settings(model: "parakeet-tdt-0.6b-v3"),
            _ change: (inout SmokeReport) -> Void = { _ in }
        ) {
            self.testDescription = name
            self.faults = faults
            self.report = SmokeTestRuleTests.report(change)
            self.settings = settings
        }
    }

    static let wrongWords =
        "21 % of the words are wrong: “one two three four six” was heard instead of “one two three four five”."

    static let cases: [Case] = [
        Case("a fifth of the words may be wrong, and three seconds a second are enough"),
        Case("more may not", [Self.wrongWords]) { $0.clip?.wordErrorRate = 0.2051 },
        Case("the share can be set", with: Self.settings { $0.worstErrorRate = 0.3 }) { $0.clip?.wordErrorRate = 0.3 },
        Case("a slow GPU does not take part", ["It is too slow: 3.0 seconds of audio a second, and 3.0 are the least."])
        {
            $0.clip?.seconds = 10.01
        },
        Case("a processor may be slow") {
            $0.device = "cpu"
            $0.clip?.seconds = 300
        },
        Case("but not as slow as this", ["It is too slow: 0.1 seconds of audio a second, and 0.1 are the least."]) {
            $0.device = "cpu"
            $0.clip?.seconds = 301
        },
        Case("nor may what is not known", ["It is too slow: 0.1 seconds of audio a second, and 0.1 are the least."]) {
            $0.device = nil
            $0.clip?.seconds = 301
        },
        Case(
            "the speed can be set", ["It is too slow: 3.0 seconds of audio a second, and 87 are the least."],
            with: Self.settings { $0.floor = 87 }),
        Case("a lower one as well", with: Self.settings { $0.floor = 1 }) { $0.clip?.seconds = 30 },
        Case(
            "no time at all is no speed", ["It is too slow: 0.0 seconds of audio a second, and 3.0 are the least."]
        ) { $0.clip?.seconds = 0 },
        Case("the device that is wanted", with: Self.settings { $0.device = "cuda" }),
        Case(
            "another one", ["The recogniser computes on cpu, not on cuda."], with: Self.settings { $0.device = "cuda" }
        ) { $0.device = "cpu" },
        Case(
            "one that is not known", ["The recogniser computes on an unknown device, not on cuda."],
            with: Self.settings { $0.device = "cuda" }
        ) { $0.device = nil },
        Case("any, if none is wanted") { $0.device = "mps" },
        Case("words in silence", ["Words were heard in silence: “Thank you”."]) {
            $0.wordsInSilence = ["Thank", "you"]
        },
        Case("silence alone", ["Words were heard in silence: “you”."]) {
            $0.clip = nil
            $0.wordsInSilence = ["you"]
        },
        Case("silence alone, without words") { $0.clip = nil },
        Case(
            "all that is wrong is told",
            [
                "The recogniser computes on cpu, not on cuda.", "Words were heard in silence: “you”.",
                Self.wrongWords.replacing("21 %", with: "100 %"),
                "It is too slow: 2.5 seconds of audio a second, and 3.0 are the least.",
            ],
            with: Self.settings {
                $0.device = "cuda"
                $0.floor = 3
            }
        ) {
            $0.device = "cpu"
            $0.wordsInSilence = ["you"]
            $0.clip?.wordErrorRate = .infinity
            $0.clip?.seconds = 12
        },
    ]

    @Test(arguments: Self.cases) func `a machine passes or is told what is wrong`(_ example: Case) {
        #expect(SmokeTest(example.settings).faults(of: example.report) == example.faults)
    }

    @Test func `long texts are cut`() {
        let long = String(repeating: "word ", count: 1000)
        let report = Self.report {
            $0.clip = Self.clip {
                $0.heard = long; $0.said = long; $0.wordErrorRate = 1
            }
        }
        let faults = SmokeTest(.init(model: "base")).faults(of: report)
        #expect(faults.count == 1 && faults[0].count < 700)
    }

    @Test func `a model that nobody knows is a report, not a crash`() async throws {
        try await withTemporaryFolder { folder in
            let report = await SmokeTest(.init(model: "no-such-model")).run(
                home: HomeFolder(path: folder.path), environment: [:],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(!report.isPassed && report.failures.count == 1)
            #expect(report.failures[0].contains("no-such-model"), "\(report.failures)")
            #expect(report.summary.hasPrefix("smoke test failed: "))
        }
    }

    @Test func `two minutes are enough, unless told otherwise`() {
        let settings = SmokeTest.Settings(model: "base")
        #expect(settings.limit == .seconds(120) && settings.worstErrorRate == 0.2)
        #expect(settings.clip == nil && settings.device == nil && settings.floor == nil)
    }
}
