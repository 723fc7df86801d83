import CastCore
import Foundation
import HumanSpeech
import Transcription

/// Where cuts fall in hours of speech, with nothing, noise and music behind the voice, beside cuts on a fixed clock.
///
/// In a synthetic voice's speech the place of every word is known. Of people's prompts it is known where each one is, and
/// where the voice pauses in the recording that has nothing behind it.
struct BoundaryBench: Sendable {
    var cache: String
    var seconds: Double

    func run() async throws {
        try await self.synthetic()
        try await self.people()
    }

    private func synthetic() async throws {
        Console.error("Having about \(self.hours) hours of text read by Festival's slt voice")
        let speech = try await SyntheticSpeech.make(seconds: self.seconds, in: self.cache + "/synthetic")
        let words = speech.sentences.reduce(0) { $0 + $1.words.count }
        Console.line("\n\(Int(speech.duration)) s of a synthetic voice, with known places of \(words) words\n")
        Self.show("behind the voice", "cuts", ["cuts", "into a word", "words left out", "mean segment"])
        for bed in SoundBed.allCases {
            try await Self.compare(bed, speech.over(bed).samples()) { cuts in
                [speech.words(cutAt: cuts.places).count, speech.words(missingFrom: cuts.kept).count]
            }
        }
    }

    private func people() async throws {
        Console.error("Joining \(self.hours) hours of prompts")
        // Made in seconds, and too large to be kept.
        let folder = "\(self.cache)/bench/places"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/prompts.s16"
        let pieces = (0..<max(1, Int(self.seconds / 600))).map {
            Composition.Options(seed: UInt64(100 + $0), seconds: 600)
        }
        let recording = try await HumanPrompts.load(cache: self.cache).compose(pieces, to: path)
        let pauses = VoicePauses(in: try RawSamples.read(path))
        Console.line(
            "\n\(Int(recording.duration)) s of people, \(recording.placements.count) prompts with known places\n")
        Self.show("behind the voice", "cuts", ["cuts", "in a prompt", "not in a pause", "mean segment"])
        for bed in SoundBed.allCases {
            try Self.compare(bed, RawSamples.read(try await bed.mixed(with: path))) { cuts in
                let inside = cuts.places.count { cut in
                    recording.placements.contains { $0.start < cut && cut < $0.end }
                }
                return [inside, pauses.missed(by: cuts.places).count]
            }
        }
    }

    private var hours: Double { Double(Int(self.seconds / 360)) / 10 }

    private static func compare(_ bed: SoundBed, _ samples: [Int16], _ counts: (CutPlaces) -> [Int]) {
        for (name, cuts) in [
            ("at pauses (ours)", CutPlaces(of: samples, by: SpeechCutter())),
            ("every 20 s", CutPlaces(of: samples, by: FixedClockCutter(seconds: 20))),
        ] {
            self.show(
                bed.rawValue, name,
                (["\(cuts.places.count)"] + counts(cuts).map { "\($0)" })
                    + [CutsReport.number(cuts.meanLength, digits: 1) + " s"])
        }
    }

    private static func show(_ bed: String, _ name: String, _ cells: [String]) {
        Console.line(
            "  " + bed.padding(toLength: 19, withPad: " ", startingAt: 0)
                + name.padding(toLength: 18, withPad: " ", startingAt: 0)
                + zip(cells, [6, 14, 17, 15]).map { QueueBench.pad($0, $1) }.joined())
    }
}
