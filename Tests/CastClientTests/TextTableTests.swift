import CastClient
import Testing

@Suite struct TextTableTests {
    @Test func `columns stand under one another, without white space at the ends`() {
        var table = TextTable(["ID", "TITLE", "STATE"])
        table.add(["1", "A long title", ""])
        table.add(["100", "B", "new"])
        #expect(table.text == "ID   TITLE         STATE\n1    A long title\n100  B             new")
    }

    @Test func `letters and pictures of two columns count as two`() {
        var table = TextTable(["T", "X"])
        table.add(["漢字", "1"])
        table.add(["🎧", "2"])
        table.add(["abcd", "3"])
        #expect(table.text == "T     X\n漢字  1\n🎧    2\nabcd  3")
    }

    @Test func `what is too wide is cut, and never above the width`() {
        for (text, shown) in [
            ("12345678", "12345678"), ("123456789", "1234567…"), ("漢字漢字", "漢字漢字"), ("漢字漢字漢", "漢字漢…"),
            ("a漢字漢字", "a漢字漢…"),
        ] {
            var table = TextTable(["T"], maximumWidth: 8)
            table.add([text])
            #expect(table.text == "T\n\(shown)")
        }
    }

    @Test func `a title cannot write to the terminal`() {
        var table = TextTable(["N\u{1B}[31m"])
        table.add(["a\u{1B}[2Jb\r\nc\u{202E}d\u{2028}e\u{7F}\u{9B}"])
        #expect(table.text == "N [31m\na [2Jb  cd e")
    }

    @Test func `a joined picture stays whole`() {
        var table = TextTable(["T", "X"])
        table.add(["👩‍🚀", "1"])
        #expect(table.text == "T   X\n👩‍🚀  1")
    }

    @Test func `a row of another length than the header's does no harm`() {
        var table = TextTable(["A", "B"])
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(table.text == "A  B\n1\n1  2")
    }

    @Test(
        arguments: [
            (0, "0 %", 0), (0.5, "50 %", 15), (1, "100 %", 30), (7, "100 %", 30), (-3, "0 %", 0), (.nan, "0 %", 0),
            (.infinity, "100 %", 30), (-.infinity, "0 %", 0),
        ] as [(Double, String, Int)])
    func `progress outside of its range is shown as its end`(share: Double, percent: String, blocks: Int) {
        let line = ProgressLine.text(label: "talk", share: share)
        #expect(line.hasPrefix("talk  "))
        #expect(line.hasSuffix("  \(percent)"))
        #expect(line.filter { $0 == "█" }.count == blocks)
    }
}
