import java.io.FileReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.yaml.snakeyaml.Yaml;

/**
 * Creates the topics of topology.yaml and their dead-letter topics where they are missing, sets the
 * settings of the others and checks their partition counts.
 *
 * <p>{@code java -cp 'libs/*' Topics.java <topology.yaml> <bootstrap servers> local|production}
 *
 * <p>Exit code 1 when a topic exists with another partition count: ids would move between partitions.
 */
public final class Topics {
    private final Map<String, Object> common;
    private final boolean production;
    private final List<NewTopic> wanted = new ArrayList<>();

    private Topics(Map<String, Object> file, boolean production) {
        this.production = production;
        common = map(file.get("topics"));
        int deadLetterDays = (Integer) common.get("dead_letter_retention_days");
        for (Object value : map(file.get("services")).values()) {
            Map<String, Object> service = map(value);
            map(service.get("writes")).forEach(
                (name, topic) -> add(name, (Integer) map(topic).get("retention_days")));
            for (Object name : (List<?>) service.getOrDefault("reads", List.of())) {
                add(name + ".dlq." + service.get("schema"), deadLetterDays);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3 || !arguments[2].matches("local|production")) {
            System.err.println("usage: Topics.java <topology.yaml> <bootstrap servers> local|production");
            System.exit(2);
        }
        try (FileReader reader = new FileReader(arguments[0]);
             Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[1]))) {
            Topics topics = new Topics(map(new Yaml().load(reader)), arguments[2].equals("production"));
            System.exit(topics.apply(admin) ? 0 : 1);
        }
    }

    private void add(String name, int retentionDays) {
        Map<String, String> settings = new HashMap<>();
        map(common.get("settings")).forEach((key, value) -> settings.put(key, value.toString()));
        long retentionMs = retentionDays < 0 ? -1 : Duration.ofDays(retentionDays).toMillis();
        settings.put("retention.ms", String.valueOf(retentionMs));
        if (!production) {
            settings.put("min.insync.replicas", "1");
        }
        int partitions = (Integer) common.get(production ? "production_partitions" : "partitions");
        int replication = production ? (Integer) common.get("replication") : 1;
        wanted.add(new NewTopic(name, Optional.of(partitions), Optional.of((short) replication))
            .configs(settings));
    }

    private boolean apply(Admin admin) throws Exception {
        var existing = admin.listTopics().names().get(30, TimeUnit.SECONDS);
        List<NewTopic> missing = wanted.stream().filter(topic -> !existing.contains(topic.name())).toList();
        List<NewTopic> present = wanted.stream().filter(topic -> existing.contains(topic.name())).toList();
        try {
            admin.createTopics(missing).all().get(60, TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            System.err.println("topics: cannot create: " + error.getCause().getMessage());
            return false;
        }
        try {
            admin.incrementalAlterConfigs(settingsOf(present)).all().get(60, TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            System.err.println("topics: cannot set: " + error.getCause().getMessage());
            return false;
        }
        boolean matching = true;
        Map<String, TopicDescription> described =
            admin.describeTopics(present.stream().map(NewTopic::name).toList())
                .allTopicNames().get(30, TimeUnit.SECONDS);
        for (NewTopic topic : present) {
            int count = described.get(topic.name()).partitions().size();
            if (count != topic.numPartitions()) {
                System.err.printf("topics: %s has %d partitions, topology.yaml says %d%n",
                    topic.name(), count, topic.numPartitions());
                matching = false;
            }
        }
        System.out.printf("topics: %d created, %d were there%n", missing.size(), present.size());
        return matching;
    }

    private static Map<ConfigResource, Collection<AlterConfigOp>> settingsOf(List<NewTopic> topics) {
        Map<ConfigResource, Collection<AlterConfigOp>> settings = new HashMap<>();
        for (NewTopic topic : topics) {
            settings.put(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()),
                topic.configs().entrySet().stream()
                    .map(entry -> new AlterConfigOp(new ConfigEntry(entry.getKey(), entry.getValue()),
                        AlterConfigOp.OpType.SET))
                    .toList());
        }
        return settings;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }
}
