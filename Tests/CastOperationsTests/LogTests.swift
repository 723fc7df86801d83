import CastCore
import CastOperations
import Foundation
import Logging
import Synchronization
import Testing

@Suite struct LogTests {
    /// What was written, line by line.
    final class Written: Sendable {
        private let text = Mutex("")

        var lines: [String] { self.text.withLock { $0 }.split(separator: "\n").map(String.init) }

        func logger(
            _ format: LogSettings.Format, level: Logger.Level = .info, environment: [String: String] = [:]
        ) -> Logger {
            var settings = LogSettings()
            settings.format = format
            settings.level = level
            return Logger(label: "cast2md") { label in
                CastLogHandler(
                    label: label, settings: settings, secrets: SecretText(environment: environment),
                    now: { Date(timeIntervalSince1970: 1_800_000_000.5) },
                    write: { line in self.text.withLock { $0 += line } })
            }
        }
    }

    @Test func `a line of text has time, level, logger, message and details in order`() throws {
        let written = Written()
        written.logger(.text).warning("disk is full", metadata: ["path": "/srv/x", "left": "\(0)", "why": "no space"])
        let line = try #require(written.lines.first)
        #expect(line.hasSuffix(" warning cast2md: disk is full left=0 path=/srv/x why=\"no space\""))
        #expect(line.prefixMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/) != nil)
    }

    @Test func `a line of JSON is one object with the details below their own key`() throws {
        let written = Written()
        var logger = written.logger(.json)
        logger[metadataKey: "node"] = "attic"
        logger.error(
            "it \"failed\"\nbadly", metadata: ["message": "inner", "list": ["a", "b"], "map": ["k": ["v"]]])
        let line = try #require(written.lines.first)
        #expect(written.lines.count == 1)
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        #expect(
            value
                == .object([
                    "time": .string("2027-01-15T08:00:00.500Z"), "level": .string("error"),
                    "logger": .string("cast2md"), "message": .string("it \"failed\"\nbadly"),
                    "metadata": .object([
                        "node": .string("attic"), "message": .string("inner"),
                        "list": .array([.string("a"), .string("b")]), "map": .object(["k": .array([.string("v")])]),
                    ]),
                ]))
    }

    @Test(arguments: LogSettings.Format.allCases)
    func `no secret gets into a line`(format: LogSettings.Format) {
        let written = Written()
        let logger = written.logger(format, environment: ["RUNPOD_API_KEY": "rpa_verysecret"])
        logger.info(
            "used rpa_verysecret",
            metadata: [
                "api_key": "another", "url": "http://me:mine@example.org/rpa_verysecret",
                "headers": ["X-Transcriber-Key": "third", "Accept": "fourth"], "tokens": ["rpa_verysecret"],
            ])
        let text = written.lines.joined()
        for secret in ["verysecret", "another", "mine", "third"] { #expect(!text.contains(secret)) }
        for open in ["fourth", "example.org", "used"] { #expect(text.contains(open)) }
    }

    @Test(arguments: LogSettings.Format.allCases)
    func `what comes from outside begins no line of its own`(format: LogSettings.Format) {
        let written = Written()
        written.logger(format).info("a\nb", metadata: ["title": "x\r\ny\u{1B}[2Jz\u{2028}"])
        #expect(written.lines.count == 1)
        #expect(!written.lines.joined().contains("\u{1B}"))
    }

    @Test func `what is below the level is not written`() {
        let written = Written()
        let logger = written.logger(.text, level: .warning)
        logger.info("quiet")
        logger.warning("loud")
        #expect(written.lines.count == 1)
    }

    @Test func `variables choose, and the flag wins over them`() throws {
        #expect(try LogSettings(environment: [:]) == LogSettings())
        let settings = try LogSettings(environment: ["LOG_FORMAT": "JSON", "LOG_LEVEL": "debug"])
        #expect(settings.format == .json)
        #expect(settings.level == .debug)
        #expect(try LogSettings(environment: ["LOG_LEVEL": "WARN"]).level == .warning)
        #expect(try LogSettings(environment: ["LOG_FORMAT": "json"], format: "text").format == .text)
    }

    @Test(arguments: [["LOG_FORMAT": "xml"], ["LOG_LEVEL": "loud"]])
    func `a value that cannot be is an error that says what can`(environment: [String: String]) throws {
        let error = try #require(throws: CastError.self) { try LogSettings(environment: environment) }
        #expect(error.code == .invalid)
        #expect(error.message.contains("must be"))
    }
}
