import CastTestSupport
import HumanSpeech
import Testing
import Transcription

/// Cuts in speech of which the place of every word is known; hours of it are in `make bench-cuts`.
struct CutBoundaryTests {
    /// Read once for all tests.
    private static let speech = Task {
        try await SyntheticSpeech.make(seconds: 200, in: RealEngine.cache + "/synthetic")
    }

    @Test(.timeLimit(.minutes(5)), arguments: SoundBed.allCases)
    func `no cut falls into a word, and no word is left out`(bed: SoundBed) async throws {
        let speech = try await Self.speech.value.over(bed)
        let cuts = CutPlaces(of: try speech.samples(), by: SpeechCutter())
        #expect(cuts.places.count > 5)
        #expect(speech.words(cutAt: cuts.places) == [])
        #expect(speech.words(missingFrom: cuts.kept) == [])
    }

    @Test(.timeLimit(.minutes(5)))
    func `cuts on a fixed clock do fall into words`() async throws {
        let speech = try await Self.speech.value
        let cuts = CutPlaces(of: try speech.samples(), by: FixedClockCutter(seconds: 20))
        #expect(speech.words(cutAt: cuts.places).count > cuts.places.count / 4)
    }
}
