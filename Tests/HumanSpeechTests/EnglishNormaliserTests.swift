import HumanSpeech
import Testing

@Suite struct `The English normaliser` {
    @Test(arguments: [
        ("Hello, World!", "hello world"),
        ("", ""),
        ("  —  ...", ""),
        ("I’m sorry, it's closed; we'd can't", "i am sorry it is closed we would can not"),
        ("you've you'll they're won't cannot", "you have you will they are will not can not"),
        ("the user's mail box", "the users mailbox"),
        ("'quoted' words", "quoted words"),
        ("re-entered RE-RECORD undelete un-delete", "reentered rerecord undelete undelete"),
        ("touch-tone, Voice Mail, voice-mail", "touchtone voicemail voicemail"),
        ("OK um okay uh", "okay okay"),
        ("the call was cancelled", "the call was canceled"),
        ("AT&T is 5% up", "at and t is five percent up"),
        ("per cent", "percent"),
    ])
    func `brings text to one form`(text: String, words: String) {
        #expect(EnglishNormaliser.words(of: text).joined(separator: " ") == words)
    }

    @Test(arguments: [
        ("0", "zero"), ("7", "seven"), ("12", "twelve"), ("40", "forty"), ("99", "ninety nine"),
        ("100", "one hundred"), ("115", "one hundred fifteen"), ("1,000", "one thousand"),
        ("20,301", "twenty thousand three hundred one"), ("2000000", "two million"),
        ("2.5", "two point five"), ("007", "zero zero seven"), ("1st", "first"), ("2nd", "second"),
        ("12th", "twelfth"), ("20th", "twentieth"), ("21st", "twenty first"), ("8th", "eighth"),
        ("press 1.", "press one"), ("10x", "ten x"),
        ("12345678901", "one two three four five six seven eight nine zero one"),
    ])
    func `reads numbers out`(text: String, words: String) {
        #expect(EnglishNormaliser.words(of: text).joined(separator: " ") == words)
    }
}
