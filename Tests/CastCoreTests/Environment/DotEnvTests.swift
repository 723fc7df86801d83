import CastCore
import Testing

@Suite struct DotEnvTests {
    @Test(
        arguments: [
            ("A=1", ["A": "1"]),
            ("A = 1 ", ["A": "1"]),
            ("\tA=1", ["A": "1"]),
            ("export A=1", ["A": "1"]),
            ("export\tA = 1", ["A": "1"]),
            ("exported=1", ["exported": "1"]),
            ("A=", ["A": ""]),
            ("A=\"\"", ["A": ""]),
            ("# a comment\n\n   # another\nA=1", ["A": "1"]),
            ("A=1 # one", ["A": "1"]),
            ("A=1#one", ["A": "1#one"]),
            ("A=#one", ["A": "#one"]),
            ("A= # nothing", ["A": ""]),
            ("A=one two", ["A": "one two"]),
            ("A=a=b=c", ["A": "a=b=c"]),
            ("A='one # two' # three", ["A": "one # two"]),
            ("A=\"one # two\"", ["A": "one # two"]),
            (#"A="a\nb\t\"c\" \\ \$D""#, ["A": "a\nb\t\"c\" \\ $D"]),
            (#"A="C:\temp""#, ["A": "C:\temp"]),
            (#"A='a\nb'"#, ["A": #"a\nb"#]),
            (#"A=a\nb"#, ["A": #"a\nb"#]),
            ("A=$B ${C}", ["A": "$B ${C}"]),
            ("A=it's", ["A": "it's"]),
            ("A=1\nA=2", ["A": "2"]),
            ("A=1\r\nB=\"2\"\r\nC=3", ["A": "1", "B": "2", "C": "3"]),
            ("\u{FEFF}A=1", ["A": "1"]),
            ("A=Grüße 🎧", ["A": "Grüße 🎧"]),
            ("", [:]),
        ] as [(String, [String: String])])
    func `a line means what it means to a shell`(text: String, values: [String: String]) throws {
        #expect(try DotEnv.parse(text, name: ".env") == values)
    }

    @Test(
        arguments: [
            ("A=1\nB\nC=3", "line 2: There is no “=” after the name"),
            ("A B=1", "line 1: There is no “=” after the name"),
            ("=1", "line 1: “” is not a variable's name"),
            ("1A=1", "line 1: “1A” is not a variable's name"),
            ("A-B=1", "line 1: “A-B” is not a variable's name"),
            ("\r\nA=\"1", "line 2: The quote is not closed on the same line."),
            ("A='1\n2'", "line 1: The quote is not closed on the same line. line 2: There is no “=”"),
            ("A=\"1\"2", "line 1: There is more after the closing quote."),
            ("A='1'#2", "line 1: There is more after the closing quote."),
            ("a\nb\nc\nd\ne", "And 2 more lines."),
        ])
    func `a line that means nothing is named by its number`(text: String, complaint: String) throws {
        let error = try #require(throws: CastError.self) { try DotEnv.parse(text, name: "/home/me/.env") }
        #expect(error.code == .invalid)
        #expect(error.message.hasPrefix("/home/me/.env, line "))
        #expect(error.message.contains(complaint))
    }
}
