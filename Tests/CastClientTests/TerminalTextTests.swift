import CastClient
import Testing

@Suite struct TerminalTextTests {
    @Test(
        arguments: [
            ("a <mark>fox</mark> ran", "a \u{1B}[1mfox\u{1B}[0m ran", "a fox ran"),
            ("&lt;mark&gt; &amp;lt; &quot;it&#39;s&quot;", "<mark> &lt; \"it's\"", "<mark> &lt; \"it's\""),
            ("a\u{1B}[2J\r\nb\u{202E}c", "a [2J  bc", "a [2J  bc"),
        ])
    func `what was found stands out on a terminal, and nothing else writes to it`(
        html: String, terminal: String, pipe: String
    ) {
        #expect(
            TerminalText.snippet(html, isTerminal: true).replacing("  ", with: " ")
                == terminal.replacing("  ", with: " "))
        #expect(
            TerminalText.snippet(html, isTerminal: false).replacing("  ", with: " ") == pipe.replacing("  ", with: " "))
    }

    @Test(
        arguments: [
            (0, "0:00"), (61.9, "1:01"), (600, "10:00"), (3600, "1:00:00"), (3661, "1:01:01"), (-5, "0:00"),
            (.nan, "0:00"), (.infinity, "0:00"),
        ] as [(Double, String)])
    func `a time is read as on a clock`(seconds: Double, text: String) {
        #expect(TerminalText.time(seconds) == text)
    }
}
