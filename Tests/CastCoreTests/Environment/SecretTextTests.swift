import CastCore
import Testing

@Suite struct SecretTextTests {
    @Test func `the values of secret variables are hidden wherever they stand`() {
        let secrets = SecretText(environment: [
            "RUNPOD_API_KEY": "rpa_0123456789", "OTHER_TOKEN": "rpa_01234567890", "HOME": "/home/someone",
            "SHORT_KEY": "word",
        ])
        #expect(secrets.hidden(in: "sent rpa_0123456789 home") == "sent ••• home")
        #expect(secrets.hidden(in: "(rpa_01234567890)") == "(•••)")
        #expect(secrets.hidden(in: "a word at /home/someone") == "a word at /home/someone")
    }

    @Test(
        arguments: [
            ("http://me:pass@example.org/a", "http://•••@example.org/a"),
            ("see https://token@h and http://x:y@z:1/", "see https://•••@h and http://•••@z:1/"),
            ("http://example.org/@name", "http://example.org/@name"), ("mail me@example.org", "mail me@example.org"),
        ])
    func `who is named before a host is hidden`(text: String, shown: String) {
        #expect(SecretText().hidden(in: text) == shown)
    }

    @Test(
        arguments: [
            ("api_key", true), ("RUNPOD_API_KEY", true), ("X-Transcriber-Key", true), ("TS_AUTHKEY", true),
            ("password", true), ("setup.token", true), ("Authorization", true), ("monkey", false), ("keyboard", false),
            ("jobs.done", false), ("url", false),
        ])
    func `a name tells that its value is a secret`(name: String, isSecret: Bool) {
        #expect(SecretText.isSecretName(name) == isSecret)
    }
}
