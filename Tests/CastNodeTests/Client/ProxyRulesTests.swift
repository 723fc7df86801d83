import CastClient
import CastCore
import Foundation
import Testing

@Suite struct ProxyRulesTests {
    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        let url = try #require(URL(string: url))
        return try ProxyRules(environment: environment).proxy(for: url).map { "\($0.host):\($0.port)" }
    }

    @Test func `without variables there is no proxy`() throws {
        #expect(try self.proxy("http://server:8000", [:]) == nil)
        #expect(try self.proxy("http://server:8000", ["http_proxy": "", "no_proxy": "*"]) == nil)
    }

    @Test(arguments: [
        ("http_proxy", "http://proxy:3128"), ("HTTP_PROXY", "http://proxy:3128/"), ("http_proxy", "proxy:3128"),
        ("all_proxy", "http://proxy:3128"), ("ALL_PROXY", "proxy:3128"),
    ])
    func `both spellings and both forms are read`(name: String, value: String) throws {
        #expect(try self.proxy("http://server:8000", [name: value]) == "proxy:3128")
    }

    @Test func `each scheme has its own, lower case goes first, 80 is the port where none is said`() throws {
        let environment = [
            "http_proxy": "one", "HTTP_PROXY": "two:2", "https_proxy": "http://[fd00::1]:8080",
        ]
        #expect(try self.proxy("http://server", environment) == "one:80")
        #expect(try self.proxy("https://server", environment) == "fd00::1:8080")
        #expect(try self.proxy("https://server", ["http_proxy": "one"]) == nil)
    }

    @Test func `name and password are taken from the address`() throws {
        let rules = try ProxyRules(environment: ["http_proxy": "http://me:p%40ss@proxy:1"])
        let proxy = rules.proxy(for: try #require(URL(string: "http://server")))
        #expect(proxy?.user == "me")
        #expect(proxy?.password == "p@ss")
    }

    @Test(arguments: [
        ("server.lan", "http://server.lan:8000", true),
        ("server.lan", "http://SERVER.LAN.", true),
        ("server.lan", "http://a.server.lan", true),
        ("server.lan", "http://otherserver.lan", false),
        (".lan", "http://server.lan", true),
        (".lan", "http://server.wlan", false),
        ("*.lan", "http://server.lan", true),
        ("lan", "http://plan", false),
        ("server.lan:8000", "http://server.lan:8000", true),
        ("server.lan:8000", "http://server.lan:9000", false),
        ("server.lan:80", "http://server.lan", true),
        ("10.1.2.3", "http://10.1.2.3:8000", true),
        ("10.1.2.3", "http://10.1.2.30:8000", false),
        ("10.1.2.3:8000", "http://10.1.2.3:8000", true),
        ("10.1.2.3:8000", "http://10.1.2.3:8001", false),
        ("10.0.0.0/8", "http://10.200.0.1", true),
        ("10.0.0.0/8", "http://11.0.0.1", false),
        ("100.64.0.0/10", "http://100.127.255.255", true),
        ("100.64.0.0/10", "http://100.128.0.0", false),
        ("10.0.0.0/33", "http://10.0.0.1", false),
        ("fd00::/8", "http://[fd12::1]:8000", true),
        ("fd00::/8", "http://[fe80::1]:8000", false),
        ("[fd12::1]:8000", "http://[fd12::1]:8000", true),
        ("fd12::1", "http://[fd12:0::1]", true),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]", true),
        ("*", "http://anything:1", true),
        ("a.example, b.example c.example", "http://b.example", true),
        ("a.example, b.example c.example", "http://c.example", true),
        ("a.example,,", "http://d.example", false),
        ("", "http://localhost:8000", true),
        ("", "http://127.0.0.1:8000", true),
        ("", "http://[::1]:8000", true),
    ])
    func `exceptions go straight to the server`(list: String, url: String, isDirect: Bool) throws {
        let environment = ["http_proxy": "proxy:1", "NO_PROXY": list]
        #expect((try self.proxy(url, environment) == nil) == isDirect)
    }

    @Test(arguments: ["http://", "socks5://proxy:1", "http://proxy:99999", "://"])
    func `a proxy that is no address is an error that keeps its password`(value: String) {
        let error = #expect(throws: CastError.self) {
            try ProxyRules(environment: ["http_proxy": value.replacing("proxy", with: "me:hush@proxy")])
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("http_proxy") == true)
        #expect(error?.message.contains("hush") == false)
    }
}
