import java.io.FileReader;
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
 * Creates the topics of topics.yaml that are missing, sets the settings of the others and checks their
 * partition counts.
 *
 * <p>{@code java -cp 'libs/*' Topics.java <topics.yaml> <bootstrap servers> local|production}
 *
 * <p>Exit code 1 when a topic exists with another partition count: ids would move between partitions.
 */
public final class Topics {
    private final Map<String, Object> defaults;
    private final boolean production;
    private final List<NewTopic> wanted = new ArrayList<>();

    private Topics(Map<String, Object> file, boolean production) {
        this.production = production;
        defaults = map(file.get("defaults"));
        for (Object topic : (List<?>) file.get("topics")) {
            add((String) map(topic).get("name"), map(map(topic).get("settings")));
        }
        Map<String, Object> deadLetters = map(file.get("dead_letters"));
        for (Object name : (List<?>) deadLetters.get("topics")) {
            add((String) name, map(deadLetters.get("settings")));
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3 || !arguments[2].matches("local|production")) {
            System.err.println("usage: Topics.java <topics.yaml> <bootstrap servers> local|production");
            System.exit(2);
        }
        try (FileReader reader = new FileReader(arguments[0]);
             Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[1]))) {
            Topics topics = new Topics(map(new Yaml().load(reader)), arguments[2].equals("production"));
            System.exit(topics.apply(admin) ? 0 : 1);
        }
    }

    private void add(String name, Map<String, Object> settings) {
        Map<String, String> all = new HashMap<>();
        map(defaults.get("settings")).forEach((key, value) -> all.put(key, value.toString()));
        settings.forEach((key, value) -> all.put(key, value.toString()));
        if (!production) {
            all.put("min.insync.replicas", "1");
        }
        int partitions = (Integer) defaults.get(production ? "production_partitions" : "partitions");
        int replication = production ? (Integer) defaults.get("replication") : 1;
        wanted.add(new NewTopic(name, Optional.of(partitions), Optional.of((short) replication)).configs(all));
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
                System.err.printf("topics: %s has %d partitions, topics.yaml says %d%n",
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
