import CastCore
import Testing
import Transcription

struct PipelineSettingsTests {
    @Test func `one decoder a core, unless somebody says otherwise`() throws {
        #expect(try PipelineSettings(environment: [:]) == PipelineSettings())
        #expect(PipelineSettings().decoders >= 1)
        #expect(try PipelineSettings(environment: ["CAST2MD_DECODERS": "3"]).decoders == 3)
    }

    @Test(arguments: ["0", "65", "many", "1.5"])
    func `what is no number of decoders is refused, with the range`(value: String) {
        let error = #expect(throws: CastError.self) {
            try PipelineSettings(environment: ["CAST2MD_DECODERS": value])
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("CAST2MD_DECODERS") == true)
    }
}

struct LanguageVoteTests {
    @Test(
        arguments: [
            // Known beforehand: nobody is asked.
            ("de", [], true, "de"), ("de", [("en", 0.9)], true, "de"),
            (nil, [], false, nil), (nil, [("en", 0.9)], true, "en"), (nil, [("en", 0.5)], true, "en"),
            (nil, [("en", 0.49)], false, nil), (nil, [("en", 0.3), ("de", 0.3)], false, nil),
            (nil, [("en", 0.3), ("de", 0.25), ("de", 0.2)], true, "de"), (nil, [("en", 0.3), ("de", 0.9)], true, "de"),
            (nil, [("en", nil)], true, "en"),
            // The engine does not say.
            (nil, [(nil, nil)], true, nil), (nil, [(nil, nil), ("en", 0.9)], true, nil),
        ] as [(String?, [(String?, Double?)], Bool, String?)])
    func `a sure answer settles it, else the likeliest of three`(
        known: String?, answers: [(String?, Double?)], isSettled: Bool, winner: String?
    ) {
        var vote = LanguageVote(known: known)
        for (language, probability) in answers { vote.add(language, probability) }
        #expect(vote.isSettled == isSettled)
        #expect(vote.winner == winner)
    }

    @Test func `of two that are as likely it is always the same`() {
        for order in [["en", "de"], ["de", "en"]] {
            var vote = LanguageVote(known: nil)
            for language in order { vote.add(language, 0.4) }
            vote.close()
            #expect(vote.winner == "de")
        }
    }
}
