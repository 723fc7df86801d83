import CastCore
import Foundation
import HumanSpeech
import Transcription

/// Hours of speech of which every word's place is known: how many cuts fall into words, with nothing, noise and music
/// behind the voice, beside cuts on a fixed clock.
struct BoundaryBench: Sendable {
    var cache: String
    var seconds: Double

    func run() async throws {
        Console.error("Having about \(Int(self.seconds / 3600 * 10) / 10) hours of text read by Festival's slt voice")
        let speech = try await SyntheticSpeech.make(seconds: self.seconds, in: self.cache + "/synthetic")
        Console.line(
            """

            \(Int(speech.duration)) s of speech with known places of \(speech.sentences.reduce(0) { $0 + $1.words.count }) words

              behind the voice   cuts                cuts   into a word   words left out   mean segment
            """)
        for bed in SyntheticSpeech.Bed.allCases {
            let mixed = try await speech.over(bed)
            let samples = try mixed.samples()
            self.show(mixed, bed, "at pauses (ours)", CutPlaces(of: samples, by: SpeechCutter()))
            self.show(mixed, bed, "every 20 s", CutPlaces(of: samples, by: FixedClockCutter(seconds: 20)))
        }
    }

    private func show(_ speech: SyntheticSpeech, _ bed: SyntheticSpeech.Bed, _ name: String, _ cuts: CutPlaces) {
        let cells = [
            ("\(cuts.places.count)", 6), ("\(speech.words(cutAt: cuts.places).count)", 14),
            ("\(speech.words(missingFrom: cuts.kept).count)", 17),
            (CutsReport.number(cuts.meanLength, digits: 1) + " s", 15),
        ]
        Console.line(
            "  " + bed.rawValue.padding(toLength: 19, withPad: " ", startingAt: 0)
                + name.padding(toLength: 18, withPad: " ", startingAt: 0)
                + cells.map { QueueBench.pad($0.0, $0.1) }.joined())
    }
}
