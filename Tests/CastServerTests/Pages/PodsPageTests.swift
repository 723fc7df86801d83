import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import PodFleet
import Testing

@Suite struct PodsPageTests {
    private static let page = "/settings/runpod"

    @Test func `without a provider it says what is missing and how to get it`() async throws {
        try await ServerFixture.run { server in
            let html = try await server.send(.get, Self.page).text
            #expect(html.contains("Not configured yet"))
            for name in ["RUNPOD_API_KEY", "RUNPOD_SERVER_URL", "RUNPOD_SERVER_IP", "FLEET_PROVIDER=local"] {
                #expect(html.contains(name), "\(name)")
            }
            #expect(html.contains("id=\"create-pod\" disabled"))
            #expect(html.contains("No pod is there, and none is on its way."))
            for setting in SettingCatalog.fleet where setting.name != "runpod_enabled" {
                #expect(html.contains("id=\"set-\(setting.name)\" name=\"\(setting.name)\""), "\(setting.name)")
            }
            for setting in SettingCatalog.server { #expect(!html.contains("id=\"set-\(setting.name)\"")) }
            for model in PodModelStore.standard { #expect(html.contains(">\(model.displayName)</span>")) }
            #expect(html.contains("<span class=\"unit\">US dollars</span>"))
            #expect(html.contains("default: 1.00"))
        }
    }

    @Test func `pods are shown in words, with price, money, jobs and why`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods, settings: ["RUNPOD_BUDGET_PER_DAY": "20"]) { server in
            let working = try await server.buyPod(persistent: true)
            _ = try await server.registerWorker(of: working)
            let starting = try await server.buyPod()
            pods.change { $0.refusal = ProviderFailure(.noCapacity, "nothing is free") }
            let wanted = try await server.buyPod()
            let html = try await server.send(.get, Self.page).text
            #expect(!html.contains("Not configured yet"))
            for (instance, state) in [
                (working, "Ready, without a job"), (starting, "Fetches its image"), (wanted, "Waits for a GPU"),
            ] {
                let title = "<li id=\"pod-\(instance)\"><div class=\"what\"><span class=\"title\">\(instance)</span> "
                #expect(html.contains(title + "<span class=\"badge \(Self.tone(state))\">\(state)</span>"), "\(state)")
                #expect(html.contains("href=\"/settings/runpod/pods/\(instance)/end\""))
            }
            #expect(html.contains("<span class=\"badge plain\">Persistent</span>"))
            #expect(html.contains("<span>RTX A5000, secure</span><span>$0.27 an hour</span><span>$0.00 so far</span>"))
            #expect(html.contains("Why: asked for by a person"))
            #expect(html.contains("<dt>Pods that work</dt><dd>1</dd>"))
            #expect(html.contains("<dt>On their way</dt><dd>2</dd>"))
            #expect(html.contains("<td class=\"number\">$20.00</td>"))
            #expect(html.contains("No pod can be created: Max pods (3) reached."))
            #expect(html.contains("Scaling by itself is off. If it was on, it would buy no pod now."))
            #expect(html.contains("data-active=\"true\""))
        }
    }

    private static func tone(_ state: String) -> String {
        ["Ready, without a job": "good", "Fetches its image": "busy"][state] ?? "wait"
    }

    @Test func `pods that are gone say why and what they cost, and what waits says what it leads to`() async throws {
        let pods = ScriptedPods()
        let settings = ["RUNPOD_AUTO_SCALE": "true", "RUNPOD_SCALE_THRESHOLD": "1"]
        try await ServerFixture.run(pods, settings: settings) { server in
            let instance = try await server.buyPod()
            server.time.advance(by: 7200)
            _ = try await server.parts.fleet?.stop(pod: instance.text)
            await server.parts.fleet?.turn()
            pods.change { $0.listFailure = ProviderFailure(.unavailable, "the provider is out") }
            _ = try await server.makeQueuedEpisode("One")
            _ = try await server.makeQueuedEpisode("Two", audio: "abcdefghij")
            let next = try await server.buyPod()
            _ = try await server.parts.fleet?.stop(pod: next.text)
            await server.parts.fleet?.turn()
            let html = try await server.send(.get, Self.page).text
            #expect(html.contains("Gone within the last day <span class=\"count\">2</span>"))
            #expect(html.contains("<span class=\"badge plain\">Gone</span>"))
            #expect(html.contains("Ended by a person."))
            #expect(html.contains("<span>$0.54</span><span>ended just now</span>"))
            #expect(html.contains("The provider has trouble: the provider is out"))
            #expect(html.contains("<dt>Jobs to be had</dt><dd>2</dd>"))
            #expect(html.contains("Scaling buys 2 pods now. 2 jobs wait, 1 pods for each 1 make 2."))
        }
    }

    @Test func `whatever comes from outside is escaped`() async throws {
        let evil = "<script>alert('x')</script>&\""
        let pods = ScriptedPods()
        pods.change { $0.displayName = evil }
        try await ServerFixture.run(pods) { server in
            let instance = try await server.buyPod()
            let fleet = try #require(server.parts.fleet)
            let token = try #require(try await server.pod(instance)).setupToken
            try await fleet.setupProgress(instance, token: token, SetupReport(phase: .installing, message: evil))
            _ = try await fleet.start(purpose: evil)
            pods.change { $0.listFailure = ProviderFailure(.unavailable, evil) }
            pods.change { $0.refusal = ProviderFailure(.forbidden, evil, status: 401) }
            await fleet.turn()
            let now = server.time.now
            _ = try await server.parts.database.fleet.change(at: now) { $0.tell(.alarm, instance, evil, at: now) }
            try await server.parts.database.podModels.add(id: evil, displayName: evil, backend: .whisper)
            try await server.parts.settings.set(["runpod_image_name": evil], at: server.time.now)
            let code = "%3Cscript%3Ealert('x')%3C/script%3E"
            let html = try await server.send(.get, "\(Self.page)?notice=\(code)&problem=\(code)&saved=\(code)").text
            #expect(html.matches(of: /&lt;script&gt;alert/).count >= 10)
            #expect(html.matches(of: /<script/).count == 1)
            let rejected = try await server.send(.post, "\(Self.page)/models", "model_id=\(code)&backend=")
            #expect(rejected.status == 400 && rejected.text.matches(of: /<script/).count == 1)
            #expect(rejected.text.contains("value=\"&lt;script&gt;"))
            let wrong = try await server.send(.post, Self.page, "runpod_disk_gb=\(code)")
            #expect(wrong.status == 400 && wrong.text.matches(of: /<script/).count == 1)
            #expect(html.contains("<p class=\"notice bad\"><strong>Alarm</strong>"))
            #expect(!html.contains(token))
            server.time.advance(by: 90_000)
            #expect(!(try await server.send(.get, Self.page).text.contains("<strong>Alarm</strong>")))
        }
    }
}
